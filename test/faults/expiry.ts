// Sessions that outlive their lifetime, and others that are renewed in time, while faults strike: the first are given to
// nobody and stay what they are, the others are found.
import { isOk, leavesOf } from "../processes/audit.js";
import { type Origins, Sender, type Visit } from "../processes/drive.js";
import { type Ask, DOORS } from "../processes/protocol.js";
import { Random } from "../simulation/random.js";

// So many sessions of a run are kept alive, and as many left alone.
const KEPT = 15;
const IN_FLIGHT = 16;
// No number of the run's own visitors.
const FIRST_NUMBER = 1_000_001;

export interface Surroundings {
  /** Milliseconds that a session lives. */
  readonly ttl: number;
  /** Lets time pass for all stores. */
  pass(ms: number): void;
  /** The visit, with what became known of it beside its answer. */
  judged(visit: Visit): Visit;
}

export async function outlive(
  ids: readonly string[],
  origins: Origins,
  seed: number,
  { ttl, pass, judged }: Surroundings,
): Promise<{ found: string[]; expired: ReadonlySet<string> }> {
  const random = new Random(seed).fork("expiry");
  const sender = new Sender(origins);
  const found: string[] = [];
  let n = FIRST_NUMBER;
  const visitAll = async (visited: Iterable<string>, askFor: (n: number) => Ask) => {
    const visits: Visit[] = [];
    const left = visited[Symbol.iterator]();
    const worker = async () => {
      for (let next = left.next(); !next.done; next = left.next()) {
        const request = { n: n++, door: random.pick(DOORS), process: 0, waits: 0 };
        visits.push(await sender.send(request, askFor(request.n), next.value));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return visits;
  };
  const set = (value: number): Ask => ({ do: "set", path: ["kept"], value });

  const [kept, expired] = [new Set(ids.slice(0, KEPT)), new Set(ids.slice(KEPT, 2 * KEPT))];
  pass(0.6 * ttl);
  const renewals = await visitAll(kept, set);
  pass(0.6 * ttl);
  const late = await visitAll(expired, (number) => (number % 2 ? set(number) : { do: "read" }));
  for (const { door, ask, sent, given, answer } of late) {
    const says = `by ${door}, to who would ${ask.do}`;
    if (answer && leavesOf(answer.found).length > 0)
      found.push(`given out after its expiry: ${sent}, ${says}`);
    if (given === sent) found.push(`given again after its expiry: ${sent}, ${says}`);
  }
  // By now Express has been told of what failed after it had answered.
  const renewed = renewals.map(judged).filter(isOk);
  for (const { door, sent, given } of renewed) {
    if (given !== undefined && given !== sent) found.push(`living, and not found by ${door}: ${sent}`);
  }
  const by = new Map(renewed.map(({ sent = "", door }) => [sent, door]));
  for (const { door, sent = "", answer } of await visitAll(by.keys(), () => ({ do: "read" }))) {
    if (answer && !("kept" in answer.found))
      found.push(`renewed by ${by.get(sent)}, and not found by ${door}: ${sent}`);
  }
  return { found, expired };
}
