// One history: some servers, some visitors, and requests that come as the seed says.
import { createSessionEngine } from "../../src/core/index.js";
import { audit } from "./audit.js";
import type { Server, Settings } from "./calls.js";
import { Evidence } from "./evidence.js";
import { Network, PREVIOUS, type Table, WEATHERS } from "./network.js";
import { PROGRAMS, type ProgramName, programs } from "./programs.js";
import { type Counts, Violation } from "./promises.js";
import { Random } from "./random.js";
import { ModelTable } from "./table.js";
import { type Cookie, type Scene, Visit } from "./visits.js";
import { Witness } from "./witness.js";
import { Clock, World } from "./world.js";

export interface HistoryOptions {
  /** Requests of the plan that do not come. */
  readonly omit?: ReadonlySet<number>;
  /** Instead of the weather that the seed says. */
  readonly weather?: keyof typeof WEATHERS | undefined;
  readonly isLogged?: boolean;
  /** Carries the commands out, beside the model. */
  readonly beside?: ((model: ModelTable) => Table) | undefined;
  readonly tableName?: string;
  /** Whether what carries the commands out knows transactions. Default `true`. */
  readonly hasTransactions?: boolean;
}

export interface HistoryResult {
  readonly seed: number;
  readonly failure: Error | undefined;
  readonly counts: Counts;
  readonly requests: number;
  readonly lines: readonly string[];
}

interface Plan {
  readonly settings: Settings;
  readonly weather: keyof typeof WEATHERS;
  /** How far the clock of each server is off, in milliseconds. */
  readonly offsets: readonly number[];
  readonly steps: readonly { readonly at: number; readonly server: number; readonly offset: number }[];
  readonly visitors: number;
  readonly requests: readonly PlannedRequest[];
}

interface PlannedRequest {
  readonly at: number;
  readonly server: number;
  readonly visitor: number;
  readonly program: ProgramName | "sign in";
}

// Servers that keep their time by NTP are this far off at most: together less than what removals allow for. Some do not.
const MOST_OFFSET_MS = 400;

// Requests of a burst come so close that some come together.
const MOMENT_MS = 4;

const MOVING = 0.3;

function planOf(seed: number, hasTransactions: boolean): Plan {
  const random = new Random(seed).fork("plan");
  const pace = random.weighted({ burst: 5, page: 4, idle: 3 });
  const lifetime = {
    burst: random.pick([60_000, 3_600_000, 86_400_000]),
    page: random.pick([5_000, 86_400_000]),
    idle: random.pick([400, 2_000, 3_000]),
  }[pace];
  const span = { burst: 60, page: 3_000, idle: 3 * lifetime }[pace];
  const settings: Settings = {
    lifetime,
    livesBy: random.chance(0.75) ? "ttl" : "maxAge",
    grace: random.pick([0, 0, 500]),
    touchInterval: random.pick([0, 50, 1_000, 30_000]),
    timeout: random.pick([1_000, 5_000]),
    format: random.chance(0.88) ? "json" : "map",
    keepExpired: random.chance(0.15),
    isMoving: hasTransactions && new Random(seed).fork("moving").chance(MOVING),
  };
  const off = () => random.whole(-MOST_OFFSET_MS, MOST_OFFSET_MS);
  const astray = random.chance(0.12) ? random.pick([-1, 1]) * random.whole(1_000, 5_000) : off();
  const offsets = [0, off(), off(), astray]
    .slice(0, random.whole(1, 3))
    .concat(random.chance(0.4) ? [astray] : []);
  const aServer = () => random.whole(0, offsets.length - 1);
  const steps = Array.from({ length: random.pick([0, 0, 1, 2]) }, () => ({
    at: random.whole(0, span),
    server: aServer(),
    offset: off(),
  }));
  const visitors = random.chance(0.7) ? 1 : 2;
  const requests: PlannedRequest[] = [];
  for (let visitor = 0; visitor < visitors; visitor++) {
    requests.push({ at: 0, server: 0, visitor, program: "sign in" });
  }
  // Most requests come when the sign-in has been answered.
  for (let count = random.whole(3, 9); count > 0; count--) {
    const at = 40 + MOMENT_MS * random.whole(0, span / MOMENT_MS);
    const visitor = random.whole(0, visitors - 1);
    requests.push({ at, server: aServer(), visitor, program: random.weighted(PROGRAMS) });
  }
  const weather = random.weighted({ calm: 4, rough: 4, storm: 2 });
  return { settings, weather, offsets, steps, visitors, requests };
}

/** The weather of this name. */
export function weatherOf(name: string | undefined): keyof typeof WEATHERS | undefined {
  if (name === undefined || name === "calm" || name === "rough" || name === "storm") return name;
  throw new Error(`--weather: no ${name}`);
}

/** Lets a history happen, up to its end or to the first promise that is not kept. */
export async function runHistory(seed: number, options: HistoryOptions = {}): Promise<HistoryResult> {
  const plan = planOf(seed, options.hasTransactions !== false);
  const { settings } = plan;
  const random = new Random(seed);
  // At an emulator every history has rows of its own.
  const prefix = `history ${seed}#now#`;
  const world = new World(options.isLogged === true);
  const model = new ModelTable();
  const servers: Server[] = [];
  const { isMoving } = settings;
  const previousPrefix = `history ${seed}${PREVIOUS}`;
  const placesOf = (id: string) => [prefix + id, ...(isMoving ? [previousPrefix + id] : [])];
  const evidence = new Evidence(world, model, settings, servers, placesOf);
  const witness = new Witness(evidence);
  const table = options.beside?.(model) ?? model;
  const weather = WEATHERS[options.weather ?? plan.weather];
  const network = new Network(world, table, weather, witness, isMoving);
  const engineAt = (hashPrefix: string, clock: Clock, over: Network, name: string) => {
    const { lifetime, livesBy, grace: _, isMoving: __, ...shared } = settings;
    return createSessionEngine({
      ...shared,
      table: { name: options.tableName ?? "sessions", hashPrefix },
      previous: isMoving && hashPrefix === prefix ? [{ hashPrefix: previousPrefix }] : [],
      ttl: livesBy === "ttl" ? lifetime : undefined,
      client: over.clientOf({ clock }),
      now: clock.now,
      sleep: over.sleep,
      randomId: random.fork(name).id,
    });
  };
  plan.offsets.forEach((offset, i) => {
    const clock = new Clock(world, offset);
    const name = `server ${i}`;
    servers.push({ name, clock, engine: engineAt(prefix, clock, network, name) });
  });
  world.log(() => `${JSON.stringify(settings)} ${plan.weather}, clocks ${plan.offsets.join(", ")}`);
  for (const { at, server, offset } of plan.steps) {
    world.after(at, () => {
      servers[server]?.clock.set(offset);
      evidence.count("clock step");
      world.log(() => `the clock of server ${server} is set to ${offset}`);
    });
  }
  const scene: Scene = {
    world,
    network,
    evidence,
    witness,
    settings,
    tokens: new Map(),
    handedOut: new Map(),
  };
  // Before the option `previous` was given, servers wrote to the previous place. What they wrote has arrived since.
  const before = new Network(world, table, WEATHERS.calm, witness, false);
  const formerly = (server: Server, request: number): [Server, Scene] => [
    // Another process.
    {
      ...server,
      name: `${server.name}, formerly`,
      engine: engineAt(previousPrefix, server.clock, before, `formerly ${request}`),
    },
    { ...scene, network: before },
  ];
  const cookies: Cookie[] = Array.from({ length: plan.visitors }, (_, i) => ({ id: `nobody ${i}` }));
  // What comes to a server in one moment comes in one turn of its event loop.
  const moments = new Map<string, (() => void)[]>();
  plan.requests.forEach(({ at, server: number, visitor, program }, i) => {
    const server = servers[number];
    const cookie = cookies[visitor];
    if (options.omit?.has(i) || server === undefined || cookie === undefined) return;
    const name = `${at} ${server.name}`;
    const begins = moments.get(name) ?? [];
    if (begins.length === 0) world.after(at, () => begins.forEach((begin) => void begin()));
    moments.set(name, begins);
    begins.push(() => {
      evidence.count(`request ${program}`);
      world.log(() => `request ${i} comes to ${server.name}: ${program}`);
      const isBefore = isMoving && program === "sign in";
      const [by, within] = isBefore ? formerly(server, i) : [server, scene];
      const visit = new Visit(`request ${i}`, by, within, random.fork(`request ${i}`));
      programs[program](visit, cookie).catch((error) => {
        world.failure ??= error;
      });
    });
  });
  const stop = watchUnhandled((reason) => {
    evidence.check("handled", false, () => String(reason));
  });
  try {
    await world.run();
  } finally {
    stop();
  }
  evidence.check("handled", true, () => "");
  if (world.failure === undefined) audit(evidence, scene.tokens);
  return {
    seed,
    failure: world.failure,
    counts: evidence.counts,
    requests: plan.requests.length,
    lines: world.lines,
  };
}

/** The requests of a history, fewest that still break the same promise; and whether it needs its weather. */
export async function shortest(
  { seed, failure, requests }: HistoryResult,
  options: HistoryOptions = {},
): Promise<HistoryOptions> {
  let best: HistoryOptions = options;
  const breaks = async (tried: HistoryOptions) => isAlike((await runHistory(seed, tried)).failure, failure);
  const calm = { ...best, weather: "calm" as const };
  if (await breaks(calm)) best = calm;
  for (let request = 0; request < requests; request++) {
    const tried = { ...best, omit: new Set([...(best.omit ?? []), request]) };
    if (await breaks(tried)) best = tried;
  }
  return best;
}

function isAlike(one: Error | undefined, other: Error | undefined): boolean {
  if (one instanceof Violation && other instanceof Violation) return one.promise === other.promise;
  return one?.message === other?.message;
}

function watchUnhandled(told: (reason: unknown) => void): () => void {
  process.on("unhandledRejection", told);
  return () => process.off("unhandledRejection", told);
}
