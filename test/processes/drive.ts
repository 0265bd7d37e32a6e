// The visitors of a run: sends what was planned, so many requests at a time, reads every response to its last byte, and
// keeps what came of each for the audit.
import { Agent, type ClientRequest, request } from "node:http";
import { text } from "node:stream/consumers";
import { expressDriver } from "../conformance/apps/express.js";
import { honoDriver } from "../conformance/apps/hono.js";
import { koaDriver } from "../conformance/apps/koa.js";
import type { Driver } from "../conformance/driver.js";
import type { Planned } from "./plan.js";
import {
  type Answer,
  ASK_HEADER,
  type Ask,
  CORE_COOKIE,
  DOORS,
  type Door,
  type Path,
  VISIT_HEADER,
} from "./protocol.js";

/** A request and what came of it. */
export interface Visit {
  /** Of its plan. */
  readonly n: number;
  readonly door: Door;
  readonly ask: Ask;
  /** The id that its cookie said. */
  readonly sent: string | undefined;
  /** When it was sent, and when its response's last byte was read: a place in the order of all such moments. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** 0 where no response came. */
  readonly status: number;
  /** Whether it failed though its status says nothing of it: Express learns of a failed save when the response has left. */
  readonly failed?: boolean;
  /** The id that the response's cookie says. */
  readonly given: string | undefined;
  readonly answer: Answer | undefined;
}

/** How the doors name and sign their cookies: a session's id travels from one to the other. */
export const COOKIES: Readonly<Record<Door, Pick<Driver, "idIn" | "cookiesFor">>> = {
  express: expressDriver,
  koa: koaDriver,
  hono: honoDriver,
  core: {
    idIn: (cookies) => cookies.get(CORE_COOKIE),
    cookiesFor: (id) => new Map([[CORE_COOKIE, id]]),
  },
};

export type Origins = readonly Readonly<Record<Door, string>>[];

// No request takes longer, whatever its operations wait for.
const ANSWERED_WITHIN_MS = 30_000;

/** Whoever holds one of the sessions, or is about to get one. */
interface Holder {
  id: string | undefined;
  /** Settles when a session that is being made for it is there. */
  arriving: Promise<unknown> | undefined;
  /** What was acknowledged in this session, and nobody has removed. */
  removable: Path[];
  /** The ids that it had before. */
  readonly ended: string[];
}

/** Sends everything that was planned, so many requests at a time. */
export async function drive(plan: Iterable<Planned>, origins: Origins, inFlight: number): Promise<Visit[]> {
  const holders = new Map<number, Holder>();
  const sender = new Sender(origins);
  const left = plan[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) {
      await play(next.value, holderOf(next.value.place), sender);
    }
  };
  function holderOf(place: number): Holder {
    const holder = holders.get(place) ?? { id: undefined, arriving: undefined, removable: [], ended: [] };
    holders.set(place, holder);
    return holder;
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
  return sender.visits;
}

/** Reads sessions by every door, or by those that are said, at processes in turn. */
export async function readEverywhere(
  ids: Iterable<string>,
  origins: Origins,
  inFlight: number,
  doorsOf: (i: number) => readonly Door[] = () => DOORS,
): Promise<Visit[]> {
  const sender = new Sender(origins);
  const left = [...ids]
    .flatMap((id, i) => doorsOf(i).map((door) => ({ id, door, process: i % origins.length })))
    .values();
  const worker = async () => {
    for (const { id, door, process } of left) {
      await sender.send({ n: 0, door, process, waits: 0 }, { do: "read" }, id);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return sender.visits;
}

async function play(planned: Planned, holder: Holder, sender: Sender): Promise<void> {
  while (holder.arriving) await holder.arriving;
  const { id } = holder;
  if (id === undefined) {
    const ask: Ask = { do: "set", path: ownField(planned.n), value: planned.n };
    const arriving = sender.send({ ...planned, waits: 0 }, ask, undefined).then((visit) => {
      holder.arriving = undefined;
      arrive(holder, visit.given);
    });
    holder.arriving = arriving;
    return arriving;
  }
  const late = planned.kind === "set late" ? holder.ended.at(-1) : undefined;
  const visit = await sender.send(planned, askFor(planned, holder), late ?? id);
  if (visit.sent !== holder.id || visit.status !== 200) return;
  if (visit.ask.do === "sign out") arrive(holder, undefined);
  // By signing in; or for its session had ended by a request that did not say so.
  else if (visit.given !== undefined && visit.given !== id) arrive(holder, visit.given);
  if (visit.ask.do === "set") holder.removable.push(visit.ask.path);
  if (visit.ask.do === "set twice") holder.removable.push(...visit.ask.paths);
}

function arrive(holder: Holder, id: string | undefined): void {
  if (holder.id !== undefined) holder.ended.push(holder.id);
  holder.id = id;
  holder.removable = [];
}

function askFor({ kind, n }: Planned, holder: Holder): Ask {
  switch (kind) {
    case "set":
      return { do: "set", path: ownField(n), value: n };
    case "set within":
      return { do: "set", path: ownItem(n), value: n };
    case "set twice":
      return {
        do: "set twice",
        paths: n % 2 ? [ownField(n), ownItem(n)] : [ownItem(n), ownField(n)],
        value: n,
      };
    case "set late":
      return holder.ended.length > 0 ? { do: "set", path: ownField(n), value: n } : { do: "read" };
    case "append":
      return { do: "append", path: ["log"], value: n };
    case "count":
      return { do: "count", path: ["hits"] };
    case "remove": {
      const path = holder.removable.pop();
      return path ? { do: "remove", path } : { do: "read" };
    }
    case "remove all":
      return { do: "remove", path: ["cart"] };
    case "sign in":
      return { do: "sign in", path: ownField(n), value: n };
    default:
      return { do: kind };
  }
}

function ownField(n: number): Path {
  return [`f${n}`];
}

/** In an object that the session's requests share, and one within that. */
function ownItem(n: number): Path {
  return ["cart", n % 3 ? "bag" : "list", `i${n}`];
}

/** The headers of a request to an application of this framework, with the cookies of a session that it knows by this id. */
export function headersFor(door: Door, ask: Ask, id: string | undefined): Record<string, string> {
  const asked = { [ASK_HEADER]: encodeURIComponent(JSON.stringify(ask)) };
  if (id === undefined) return asked;
  const cookies = [...COOKIES[door].cookiesFor(id)];
  return { ...asked, cookie: cookies.map((pair) => pair.join("=")).join("; ") };
}

/** What of a plan a request needs. */
type Sent = Pick<Planned, "n" | "door" | "process" | "waits">;

/** Sends requests, and lets those that are to wait go on when others have ended. */
export class Sender {
  readonly visits: Visit[] = [];
  readonly #origins: Origins;
  // A connection for each request: none that is kept can be closed by the server in the moment of its next use.
  readonly #agent = new Agent({ keepAlive: false });
  /** What lets a request go on, and after how many visits. */
  readonly #waiting = new Map<() => void, number>();
  #moments = 0;
  #active = 0;

  constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** A place in the order of all moments. */
  moment(): number {
    return ++this.#moments;
  }

  async send({ n, door, process, waits }: Sent, ask: Ask, id: string | undefined): Promise<Visit> {
    const origin = this.#origins[process]?.[door];
    if (origin === undefined) throw new Error(`there is no process ${process}`);
    const startedAt = this.moment();
    this.#active += 1;
    const outgoing = request(origin, {
      method: "POST",
      agent: this.#agent,
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      headers: { ...headersFor(door, ask, id), [VISIT_HEADER]: n },
    });
    const answered = responseTo(outgoing);
    const goOn = () => void outgoing.end();
    if (waits > 0) {
      outgoing.flushHeaders();
      this.#waiting.set(goOn, this.visits.length + waits);
    } else goOn();
    this.#letGoOn();

    const { status, setCookies, body } = await answered;
    // One that failed before its change waits for nobody.
    if (this.#waiting.delete(goOn)) goOn();
    this.#active -= 1;
    const visit: Visit = {
      ...{ n, door, ask, sent: id, startedAt, endedAt: this.moment(), status },
      given: COOKIES[door].idIn(cookiesIn(setCookies)) || undefined,
      answer: status === 200 ? JSON.parse(body) : undefined,
    };
    this.visits.push(visit);
    this.#letGoOn();
    return visit;
  }

  /** Those whose time has come; and one more where all that are on their way wait for each other. */
  #letGoOn(): void {
    for (const [goOn, until] of this.#waiting) if (until <= this.visits.length) this.#let(goOn);
    const [first] = this.#waiting.keys();
    if (first && this.#waiting.size >= this.#active) this.#let(first);
  }

  #let(goOn: () => void): void {
    this.#waiting.delete(goOn);
    goOn();
  }
}

/** What the headers `Set-Cookie` give, by name; empty where it is taken away. */
export function cookiesIn(setCookies: readonly string[]): Map<string, string> {
  return new Map(
    setCookies.map((line) => {
      const [pair = ""] = line.split(";");
      const end = pair.indexOf("=");
      return [pair.slice(0, end), pair.slice(end + 1)];
    }),
  );
}

interface Response {
  readonly status: number;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** The response once its last byte is there. One that breaks off is none. */
function responseTo(outgoing: ClientRequest): Promise<Response> {
  return new Promise((resolve) => {
    const none = (error: Error) => resolve({ status: 0, setCookies: [], body: error.message });
    outgoing.on("error", none);
    outgoing.on("response", (incoming) => {
      const { statusCode: status = 0, headers } = incoming;
      text(incoming).then((body) => resolve({ status, setCookies: headers["set-cookie"] ?? [], body }), none);
    });
  });
}
