// The rows of the comparison: what this package promises, in a user's words, and how each is tried on a store.
import { isDeepStrictEqual } from "node:util";
import { doesNotApply, doesNotHold, HOLDS, holdsIf, SECRET_TEXT } from "./trial.js";

/**
 * @typedef {keyof typeof PROMISES} PromiseName
 *
 * @typedef {object} Tried
 * @property {string} title
 * @property {(trial: import("./trial.js").Trial) => Promise<import("./trial.js").Outcome>} run
 * @property {boolean} [isLast] it leaves nothing to go on with
 */

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const SIX = [0, 1, 2, 3, 4, 5];
/** Late enough for a touch by every store's own interval. */
const DUE = 10 * MINUTE;
const LIFETIME = 30 * MINUTE;
/** This package's own `timeout` is five seconds. */
const ANSWERED_WITHIN_MS = 6_500;

/** The value that holds an empty field name, which DynamoDB has in no map. */
const NAMES = "field names of any kind";

const NO_OPTION = "no such option";

const set = (key, value) => ({ do: "set", key, value });
const READ = { do: "read" };
const CANNOT_FAIL = doesNotApply("there is nothing between it and its memory that could fail");

/** @type {Record<string, Tried>} */
export const PROMISES = {
  survives: {
    title: "A session survives a restart of the server",
    async run(trial) {
      const visitor = await trial.signedIn(await trial.start());
      const { data } = await (await trial.start()).visitor(visitor.cookies).read();
      return holdsIf(data?.secret === SECRET_TEXT, "it is gone");
    },
  },
  json: {
    title: "What is put into a session comes back, as JSON has it",
    async run(trial) {
      const lost = [];
      for (const [what, value] of Object.entries(trial.conformance.VALUES)) {
        await trial.begin();
        const app = await trial.start();
        const visitor = app.visitor();
        await visitor.visit(set("value", value));
        const { data } = await visitor.read();
        if (!isDeepStrictEqual(data?.value, value))
          lost.push(what === NAMES ? `${what}, an empty one among them` : what);
      }
      return holdsIf(lost.length === 0, `not ${lost.join(", ")}`);
    },
  },
  six: {
    title: "Six requests of one page that each change a field: none is lost",
    run: (trial) => sixFields(trial, 1),
  },
  twoServers: {
    title: "Six requests of one page, served by two servers: none of their changes is lost",
    run: (trial) => sixFields(trial, 2),
  },
  removal: {
    title: "`delete session.user` stands, whatever a slow request saves",
    async run(trial) {
      const app = await trial.start();
      const visitor = await trial.signedIn(app, { user: { name: "ada" } });
      const goOn = await app.hold(app.visitor(visitor.cookies), set("slow", true));
      await visitor.visit({ do: "unset", key: "user" });
      await goOn();
      const { data } = await visitor.read();
      return holdsIf(data !== undefined && data.user === undefined && data.slow === true, "the user is back");
    },
  },
  counter: {
    title: "A counter counts, whoever else counts",
    async run(trial) {
      const app = await trial.start();
      const visitor = await trial.signedIn(app, { visits: 0 });
      const { data } = await together(app, visitor, () => [{ do: "count", key: "visits" }]);
      return holdsIf(data?.visits === 6, `${data?.visits ?? "nothing"} of six counted`);
    },
  },
  logoutSave: {
    title: "A logout is final for a slow request that saves",
    run: (trial) => logout(trial, set("late", true)),
  },
  logoutRead: {
    title: "A logout is final for a slow request that only read",
    run: (trial) => logout(trial),
  },
  expired: {
    title: "An expired session is not given out, to the millisecond",
    run: (trial) => (trial.column.isByRealTime ? expiredByRealTime(trial) : worstOf(trial, expired)),
  },
  lastMillisecond: {
    title: "An idle session lives to its last millisecond",
    run: (trial) => (trial.column.isByRealTime ? idleByRealTime(trial) : worstOf(trial, idle)),
  },
  active: {
    title: "A session in use does not end, whether it lives for ten seconds or an hour",
    async run(trial) {
      for (const lifetime of trial.column.isByRealTime ? [2 * SECOND] : [10 * SECOND, HOUR]) {
        const app = await trial.start({ cookieMaxAge: lifetime });
        const visitor = await trial.signedIn(app);
        for (let visit = 0; visit < (trial.column.isByRealTime ? 3 : 9); visit++) {
          await trial.pass(0.45 * lifetime);
          if (isNone(await visitor.read())) return doesNotHold(`one of ${inWords(lifetime)} ends in use`);
        }
      }
      return trial.column.isByRealTime ? { ...HOLDS, note: "tried by real time, with two seconds" } : HOLDS;
    },
  },
  remembered: {
    title: "The lifetime that a handler gives one session stays (`cookie.maxAge`)",
    async run(trial) {
      const lifetime = trial.time({ standing: HOUR, real: 1_000 });
      const app = await trial.start({ cookieMaxAge: lifetime });
      const visitor = await trial.signedIn(app);
      await visitor.visit(READ, { do: "set maxAge", ms: 5 * lifetime });
      await trial.pass(trial.time({ standing: MINUTE, real: 0 }));
      await visitor.read();
      await trial.pass(2.2 * lifetime);
      return holdsIf(!isNone(await visitor.read()), "it ends by the lifetime that it had before");
    },
  },
  absolute: {
    title: "An option limits how long a session in use can live",
    async run(trial) {
      const lifetime = trial.time({ standing: LIFETIME, real: 1_000 });
      const app = await trial.start({ cookieMaxAge: lifetime, absoluteTtl: 2 * lifetime });
      const visitor = await trial.signedIn(app);
      for (let visit = 1; visit <= 4; visit++) {
        await trial.pass(0.49 * lifetime);
        if (isNone(await visitor.read())) return doesNotHold("it ends before");
      }
      await trial.pass(0.49 * lifetime);
      return holdsIf(isNone(await visitor.read()), trial.column.instead?.absolute ?? NO_OPTION);
    },
  },
  quietReads: {
    title: "Requests that only read write at most once in `touchInterval`",
    async run(trial) {
      if (!trial.has("writes")) return doesNotApply("a write costs it nothing");
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.storage("writes");
      let writes = 0;
      for (let request = 0; request < 5; request++) {
        await trial.pass(trial.time({ standing: 5 * SECOND, real: 0 }));
        await visitor.read();
        writes += await trial.storage("writes");
      }
      return holdsIf(writes <= 1, trial.column.instead?.quietReads ?? `five in a row write ${writes} times`);
    },
  },
  sharedRenewal: {
    title: "Six requests of one page renew their session by one write",
    async run(trial) {
      if (!trial.has("writes")) return doesNotApply("a write costs it nothing");
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.pass(trial.time({ standing: DUE, real: 0 }));
      await trial.storage("writes");
      await atOnce(trial, app, visitor);
      const writes = await trial.storage("writes");
      return holdsIf(writes === 1, writes === 0 ? "by none" : "by several");
    },
  },
  sharedLoads: {
    title: "Loads that come together share a request to the table",
    async run(trial) {
      if (!trial.has("reads")) return doesNotApply("there is no table that counts requests");
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.storage("reads");
      await atOnce(trial, app, visitor);
      const reads = await trial.storage("reads");
      return holdsIf(reads === 1, `six loads, ${reads} requests`);
    },
  },
  success: {
    title: "A save that succeeds is no error",
    async run(trial) {
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.pass(trial.time({ standing: DUE, real: 0 }));
      await visitor.read();
      const { errors, successes } = await app.seen();
      return holdsIf(
        errors.length + successes === 0,
        "what the storage gives back reaches the error handling in an error's place",
      );
    },
  },
  failedSave: {
    title: "A save that fails is one error for the application, and the server lives",
    async run(trial) {
      if (!trial.has("failWrites")) return CANNOT_FAIL;
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      const goOn = await app.hold(app.visitor(visitor.cookies), set("late", true));
      await trial.storage("failWrites");
      const visit = await goOn();
      return oneError(trial, app, visit, visitor);
    },
  },
  failedLoad: {
    title: "A load that fails is one error, logs nobody out, and the server lives",
    async run(trial) {
      if (!trial.has("failReads")) return CANNOT_FAIL;
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.storage("failReads");
      const visit = await app.visitor(visitor.cookies).read();
      if (visit.status === 200) return doesNotHold("the visitor is taken for a new one");
      return oneError(trial, app, visit, visitor);
    },
  },
  failedRenewal: {
    title: "A renewal that fails is no error of a request that only read",
    async run(trial) {
      if (!trial.has("failWrites")) return CANNOT_FAIL;
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.pass(trial.time({ standing: DUE, real: 0 }));
      const goOn = await app.hold(app.visitor(visitor.cookies));
      await trial.storage("failWrites");
      const { problem } = await goOn();
      if (!(await trial.lives())) return doesNotHold("the server ends");
      if (problem !== undefined) return doesNotHold(problem);
      return holdsIf((await app.errors()).length === 0, "it reaches the error handling");
    },
  },
  tooLarge: {
    title: "Data that is too large is an error that says so, and what was stored stays",
    async run(trial) {
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      const visit = await visitor.visit({ do: "set special", key: "large", kind: "large" });
      if (await trial.lives()) {
        const { data } = await visitor.read();
        if (data?.large?.length === 900_000)
          return { ...HOLDS, note: "it has no limit that 900 KB would meet" };
      }
      const outcome = await oneError(trial, app, visit, visitor);
      if (outcome !== HOLDS) return outcome;
      return holdsIf(/size|large/i.test(await trial.messages()), "the error does not say so");
    },
  },
  strangeId: {
    title: "An id that cannot be a key is no session, and no error",
    async run(trial) {
      const app = await trial.start();
      const { status, data } = await app.visitor(trial.conformance.cookieFor("x".repeat(3000))).read();
      if (!(await trial.lives())) return doesNotHold("the server ends");
      return holdsIf(status === 200 && isDeepStrictEqual(data, {}), "it is an error of the request");
    },
  },
  hashed: {
    title: "What is stored holds no session id",
    async run(trial) {
      if (!trial.has("dump")) return doesNotApply("nothing is stored");
      const visitor = await trial.signedIn(await trial.start());
      return holdsIf(!(await trial.storage("dump")).includes(visitor.id), "it holds the ids");
    },
  },
  sealed: {
    title: "An option encrypts what is stored",
    async run(trial) {
      if (!trial.has("dump")) return doesNotApply("nothing is stored");
      const app = await trial.start({ isSealed: true });
      const text = "sealed, or not sealed";
      const visitor = await trial.signedIn(app, { text });
      if ((await trial.storage("dump")).includes(text))
        return doesNotHold(trial.column.instead?.sealed ?? NO_OPTION);
      return holdsIf((await visitor.read()).data?.text === text, "it does not come back");
    },
  },
  hang: {
    title: "A storage that never answers: the request ends with an error, within seconds",
    isLast: true,
    async run(trial) {
      if (!trial.has("hang")) return doesNotApply("there is no network that could hang");
      const app = await trial.start({ cookieMaxAge: LIFETIME });
      const visitor = await trial.signedIn(app);
      await trial.storage("hang");
      const { status } = await app.visitor(visitor.cookies).within(ANSWERED_WITHIN_MS, READ);
      return holdsIf(status === 500, `no answer came within ${ANSWERED_WITHIN_MS / SECOND} seconds`);
    },
  },
};

/** Tried last, of all that came before: see `silence`. */
export const SILENT = {
  title: "Nothing that it printed in this run, and no error, held an id or data",
};

/**
 * @param {string} printed
 * @param {string[]} messages
 * @param {Set<string>} ids
 */
export function silence(printed, messages, ids) {
  const holdsSecret = (text) => text.includes(SECRET_TEXT) || [...ids].some((id) => text.includes(id));
  if (holdsSecret(printed)) return doesNotHold("it printed ids");
  return holdsIf(!messages.some(holdsSecret), "its errors hold ids");
}

/** Whether a visitor who came was not known. */
function isNone({ status, data, problem }) {
  if (status !== 200) throw new Error(`a visit without an answer: ${problem ?? status}`);
  return data.secret === undefined;
}

async function sixFields(trial, servers) {
  const apps = [];
  while (apps.length < servers) apps.push(await trial.start());
  const visitor = await trial.signedIn(apps[0]);
  const gate = "all are here";
  const visits = SIX.map((n) =>
    apps[n % servers].visitor(visitor.cookies).visit(READ, { do: "wait", gate }, set(`field ${n}`, n)),
  );
  await Promise.all(apps.map((app) => app.reached(gate, SIX.length / servers)));
  await Promise.all(apps.map((app) => app.open(gate)));
  await Promise.all(visits);
  const { data = {} } = await visitor.read();
  const kept = SIX.filter((n) => data[`field ${n}`] === n).length;
  return holdsIf(kept === SIX.length, `${kept} of six kept`);
}

/** Six requests of one visitor that all have loaded their session before the first goes on; and what is read then. */
async function together(app, visitor, stepsOf) {
  const gate = "all are here";
  const visits = SIX.map((n) =>
    app.visitor(visitor.cookies).visit(READ, { do: "wait", gate }, ...stepsOf(n)),
  );
  await app.reached(gate, SIX.length);
  await app.open(gate);
  await Promise.all(visits);
  return visitor.read();
}

/** Six requests that read, and arrive in one turn. */
async function atOnce(trial, app, visitor) {
  await trial.gather(SIX.length);
  await Promise.all(SIX.map(() => app.visitor(visitor.cookies).read()));
}

async function logout(trial, ...steps) {
  const app = await trial.start({ cookieMaxAge: LIFETIME });
  const visitor = await trial.signedIn(app);
  const stolen = app.visitor(visitor.cookies);
  const goOn = await app.hold(app.visitor(visitor.cookies), ...steps);
  // Late enough for a touch.
  await trial.pass(trial.time({ standing: DUE, real: 0 }));
  await visitor.visit({ do: "destroy" });
  await goOn();
  if (!(await trial.lives())) return doesNotHold("the server ends");
  return holdsIf(isNone(await stolen.read()), "the session is back");
}

/** Exactly one error reached the application, the server lives, and what was stored is there. */
async function oneError(trial, app, visit, visitor) {
  if (!(await trial.lives())) return doesNotHold("the server ends");
  if (visit.problem !== undefined) return doesNotHold(visit.problem);
  const errors = await app.errors();
  if (errors.length !== 1) return doesNotHold(`${errors.length} errors reach the error handling`);
  await trial.storage("mend");
  return holdsIf(!isNone(await visitor.read()), "the session is gone");
}

/** What is cut to whole seconds shows at one time or another of a second. */
const MOMENTS = [
  { after: 0, lifetime: 10_999 },
  { after: 500, lifetime: 10_500 },
];

/** The worse outcome of two moments of a second. */
async function worstOf(trial, run) {
  let worst = HOLDS;
  for (const { after, lifetime } of MOMENTS) {
    await trial.pass(after);
    const outcome = await run(trial, lifetime);
    if (outcome.came === "does not hold") return outcome;
    if (outcome.came !== "holds") worst = outcome;
    await trial.begin();
  }
  return worst;
}

/** Two visitors, for one who comes and finds a session renews it. */
async function two(trial, lifetime) {
  const app = await trial.start({ cookieMaxAge: lifetime });
  return [await trial.signedIn(app), await trial.signedIn(app)];
}

async function expired(trial, lifetime) {
  const [first, second] = await two(trial, lifetime);
  await trial.pass(lifetime + 1);
  if (isNone(await first.read())) return HOLDS;
  await trial.pass(SECOND);
  return isNone(await second.read()) ? LATE : doesNotHold("it is");
}

async function idle(trial, lifetime) {
  const [first, second] = await two(trial, lifetime);
  await trial.pass(lifetime - SECOND - 1);
  if (isNone(await first.read())) return doesNotHold("it ends more than a second early");
  await trial.pass(SECOND);
  return isNone(await second.read()) ? EARLY : HOLDS;
}

const LATE = { came: "to the second", note: "it is, for up to a second" };
const EARLY = { came: "to the second", note: "it ends up to a second early" };

/** A server with a clock of its own has to be waited for. Late by chance, it is tried again. */
async function expiredByRealTime(trial) {
  const lifetime = 1_200;
  for (;;) {
    const [first, second] = await two(trial, lifetime);
    const startedAt = performance.now();
    await trial.pass(1_400);
    const isGone = isNone(await first.read());
    if (performance.now() - startedAt > 1_800) continue;
    if (isGone) return HOLDS;
    await trial.pass(SECOND);
    return isNone(await second.read()) ? LATE : doesNotHold("it is");
  }
}

async function idleByRealTime(trial) {
  for (;;) {
    const startedAt = performance.now();
    const [visitor] = await two(trial, 1_200);
    await trial.pass(600);
    const isGone = isNone(await visitor.read());
    if (performance.now() - startedAt > 1_100) continue;
    if (isGone) return doesNotHold("it ends in half of its time");
    return { ...HOLDS, note: "tried by real time, at half of it" };
  }
}

function inWords(lifetime) {
  return lifetime === HOUR ? "an hour" : `${lifetime / SECOND} seconds`;
}
