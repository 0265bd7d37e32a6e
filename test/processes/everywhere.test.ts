// Users who are logged out everywhere while they sign in, save, read, count, and get new ids at four processes and all doors:
// what `destroyAllOf` promises of each of their sessions, by the order in which all that happened.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { Random } from "../simulation/random.js";
import { createTable, testClient } from "../support/tables.js";
import { Sender, type Visit } from "./drive.js";
import { type Fleet, PROCESSES, startFleet } from "./fleet.js";
import { type Ask, DOORS, ownerByUser, USERS } from "./protocol.js";
import { ENDS_WITHIN_MS, SEED } from "./run.js";

const VISITORS = 24;
const IN_FLIGHT = 48;
// The long form: SESSION_STORE_REQUESTS=100000 npx vitest run --project processes everywhere
const REQUESTS = Number(process.env.SESSION_STORE_REQUESTS ?? 1_200);
/** While this share of the requests is sent, users are logged out everywhere, one after the other. */
const WHILE = 0.8;

/** A session that became a user's: when that was asked for, and acknowledged. */
interface Login {
  readonly id: string;
  readonly user: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A call of `destroyAllOf`. */
interface Ending {
  readonly user: number;
  readonly except: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

let fleet: Fleet;
beforeAll(async () => {
  if (inject("emulator") === "dynamodb-local") fleet = await startFleet();
});
afterAll(() => fleet?.stop());

const title = `users who are logged out everywhere [SESSION_STORE_SEED=${SEED}]`;
const hasTransactions = inject("emulator") === "dynamodb-local";

describe.skipIf(!hasTransactions)(
  hasTransactions ? title : `${title} (left out: dynalite has no transactions)`,
  () => {
    it("keep no session that was theirs before the call, and every later one", {
      timeout: Math.max(ENDS_WITHIN_MS, REQUESTS * 20),
    }, async () => {
      const client = testClient();
      const table = await createTable(client);
      const settings = { endpoint: inject("endpoint"), table, concurrency: "merge", isOwned: true } as const;
      const applications = await fleet.start(settings);
      const engine = createSessionEngine({
        table: { name: table },
        client,
        hashIds: true,
        owner: ownerByUser,
        timeout: 30_000,
      });
      const random = new Random(SEED).fork("everywhere");
      const sender = new Sender(applications.origins);
      const campaign = new Campaign(sender, engine, random);
      await campaign.run();
      const { errors } = await applications.close();
      expect(errors).toEqual([]);

      const { dead, alive, problems } = await campaign.audit();
      expect([...campaign.problems, ...problems].slice(0, 10)).toEqual([]);
      // There was something to end, something to spare, and requests that had what was ended in hand.
      expect(dead).toBeGreaterThan(REQUESTS / 20);
      expect(alive).toBeGreaterThan(USERS);
      expect(campaign.endings.length).toBeGreaterThan(USERS);
      expect(campaign.overtaken()).toBeGreaterThan(REQUESTS / 200);
      await engine.close();
      client.destroy();
    });
  },
);

class Campaign {
  readonly logins: Login[] = [];
  readonly endings: Ending[] = [];
  readonly problems: string[] = [];
  readonly #loggedOut = new Set<string>();
  readonly #ids = new Map<number, string>();
  readonly #sender: Sender;
  readonly #engine: ReturnType<typeof createSessionEngine>;
  readonly #random: Random;
  #sent = 0;

  constructor(sender: Sender, engine: ReturnType<typeof createSessionEngine>, random: Random) {
    this.#sender = sender;
    this.#engine = engine;
    this.#random = random;
  }

  async run(): Promise<void> {
    const visitors = Array.from({ length: IN_FLIGHT }, () => this.#visit());
    await Promise.all([...visitors, this.#endAll()]);
  }

  /** How many requests had a session in hand that was ended before they were answered. */
  overtaken(): number {
    return this.#sender.visits.filter(({ sent, startedAt, endedAt }) => {
      const login = this.logins.find(({ id }) => id === sent);
      return (
        login !== undefined &&
        this.endings.some(
          (ending) =>
            ending.user === login.user && startedAt < ending.startedAt && ending.endedAt < endedAt + 1,
        )
      );
    }).length;
  }

  /** What is left, against what is promised. */
  async audit(): Promise<{ dead: number; alive: number; problems: string[] }> {
    const problems: string[] = [];
    let [dead, alive] = [0, 0];
    const listed = new Map<number, Set<string>>();
    for (let user = 0; user < USERS; user++) {
      const sessions = await this.#engine.sessionsOf(`user ${user}`);
      listed.set(user, new Set(sessions.map(({ address }) => String(address?.key))));
    }
    for (const login of this.logins) {
      const session = await this.#engine.load(login.id);
      const isListed = listed.get(login.user)?.has(String(session?.address?.key)) === true;
      if (this.#isDead(login)) {
        dead += 1;
        if (session) problems.push(`${show(login)} was to be ended, and lives`);
      }
      if (this.#isAlive(login)) {
        alive += 1;
        if (!session) problems.push(`${show(login)} was to live, and is gone`);
      }
      if (session && !isListed) problems.push(`${show(login)} lives, and is not listed`);
    }
    return { dead, alive, problems };
  }

  /** Theirs before the call, by an answer that had come. */
  #isDead({ id, user, endedAt }: Login): boolean {
    return this.endings.some(
      (ending) => ending.user === user && ending.except !== id && endedAt < ending.startedAt,
    );
  }

  /** Asked for when all calls had returned, and left by nobody. */
  #isAlive({ id, user, startedAt }: Login): boolean {
    const isLater = this.endings.every((ending) => ending.user !== user || ending.endedAt < startedAt);
    return isLater && !this.#loggedOut.has(id);
  }

  async #visit(): Promise<void> {
    while (this.#sent < REQUESTS) {
      const n = ++this.#sent;
      const visitor = this.#random.whole(0, VISITORS - 1);
      const user = visitor % USERS;
      const id = this.#ids.get(visitor);
      const ask = this.#askFor(n, user, id);
      const door = this.#random.pick([...DOORS]);
      const process = this.#random.whole(0, PROCESSES - 1);
      // Whoever gives an id up is not to be counted among those who keep it, though another request may have it in hand.
      if (id !== undefined && (ask.do === "sign out" || ask.do === "sign in")) this.#loggedOut.add(id);
      this.#note(await this.#sender.send({ n, door, process, waits: 0 }, ask, id), visitor, user);
    }
  }

  #askFor(n: number, user: number, id: string | undefined): Ask {
    const value = n * USERS + user;
    if (id === undefined) return { do: "set", path: ["user"], value };
    const kind = this.#random.weighted({ set: 8, read: 4, count: 3, regenerate: 4, "sign out": 1 });
    if (kind === "set") return { do: "set", path: [`f${n}`], value: n };
    if (kind === "count") return { do: "count", path: ["hits"] };
    if (kind === "regenerate") return { do: "sign in", path: ["user"], value };
    return { do: kind };
  }

  #note(visit: Visit, visitor: number, user: number): void {
    const { ask, given, sent, startedAt, endedAt, status } = visit;
    if (status !== 200) this.problems.push(`a request was answered with ${status}`);
    const isLogin = (ask.do === "set" || ask.do === "sign in") && ask.path[0] === "user";
    if (isLogin && given !== undefined && given !== sent) {
      this.logins.push({ id: given, user, startedAt, endedAt });
      this.#ids.set(visitor, given);
    } else if (ask.do === "sign out" || visit.answer?.found.user === undefined) {
      if (this.#ids.get(visitor) === sent) this.#ids.delete(visitor);
    }
  }

  /** Logs one user after the other out everywhere, and looks at once whether that is so. */
  async #endAll(): Promise<void> {
    while (this.#sent < REQUESTS * WHILE) {
      const user = this.#random.whole(0, USERS - 1);
      const except = this.#random.chance(0.3) ? this.#ids.get(user) : undefined;
      const startedAt = this.#sender.moment();
      await this.#engine.destroyAllOf(`user ${user}`, { except });
      const ending = { user, except, startedAt, endedAt: this.#sender.moment() };
      this.endings.push(ending);
      const before = this.logins.filter((login) => login.user === user && login.endedAt < startedAt);
      for (const login of before.slice(-10)) {
        if (login.id === except) continue;
        if (await this.#engine.load(login.id))
          this.problems.push(`${show(login)} lives when the call at ${startedAt} has returned`);
      }
    }
  }
}

function show({ user, startedAt, endedAt }: Login): string {
  return `the session of user ${user} from ${startedAt}, acknowledged at ${endedAt},`;
}
