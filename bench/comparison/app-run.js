// A compared store in a process of its own, with applications of express-session over it: `node app-run.js '{"column": …}'`.
// Asked by store-process.js, over its IPC channel. What the store throws and nobody catches ends it, as it would a server.
import { setTimeout as delay } from "node:timers/promises";
import { COLUMNS } from "./columns.js";

const { column: name, conformance: bundle, ...place } = JSON.parse(process.argv[2]);
/** @type {import("../from-tests.js").Conformance} */
const conformance = await import(bundle);
const { makeLab, serveExpress, setClock } = conformance;
const { load, make, storage: makeStorage } = COLUMNS[name];
const loaded = await load();
const storage = await makeStorage({ ...place, conformance });

const LOOK_EVERY_MS = 2;
const COMES_WITHIN_MS = 10_000;
/** What reaches error handling does so by the end of a request, or some turns later. */
const ERROR_WITHIN_MS = 500;

/** The applications that run, by their numbers. */
const apps = new Map();
let started = 0;
/** How many requests are to arrive together, and those that have. */
let gathering = 0;
let gathered = [];

const ANSWERS = {
  async start({ settings }) {
    const { lab, answer } = makeLab({ endpoint: "", table: { name: "" }, format: "json", ...settings });
    const store = await make(loaded, storage, settings);
    const told = { successes: 0 };
    const failed = (error) => {
      if (error instanceof Error) return lab.failed(error);
      told.successes += 1;
      return {};
    };
    const app = await serveExpress(
      { ...lab, failed },
      { store, before: gather, update: updateOf(store), close: async () => store.close?.() },
    );
    apps.set(++started, { app, answer, told });
    return { app: started, origin: app.origin };
  },
  look: async ({ app }) => seenBy(app, { do: "look" }),
  /** Answers when so many wait at the gate. */
  reached: ({ app, gate, count }) => seenWhen(app, ({ waiting }) => (waiting[gate] ?? 0) >= count),
  /** Answers when an error has reached the application's error handling, or none has for a while. */
  failed: ({ app }) => seenWhen(app, ({ errors }) => errors.length > 0, ERROR_WITHIN_MS),
  open: async ({ app, gate }) => seenBy(app, { do: "open", gate }),
  async close({ app }) {
    await apps.get(app).app.close();
    apps.delete(app);
    return {};
  },
  async gather({ count }) {
    gathering = count;
    return {};
  },
  async clock({ now }) {
    setClock(now);
    return {};
  },
  /** Which of its means the storage has. */
  means: async () => ({ means: Object.keys(storage).filter((mean) => typeof storage[mean] === "function") }),
  async storage({ mean }) {
    return { given: (await storage[mean]()) ?? null };
  },
};

process.on("message", async ({ number, ...asked }) => {
  const answer = await ANSWERS[asked.do](asked).catch((error) => ({ error: error?.stack ?? String(error) }));
  process.send({ number, ...answer });
});
process.on("disconnect", () => process.exit());
process.send({ number: 0 });

function seenBy(number, question) {
  const { answer, told } = apps.get(number);
  return { ...answer(question), ...told };
}

/** What an application has seen as soon as that holds, and what it has by then where it does not. */
async function seenWhen(number, holds, withinMs = COMES_WITHIN_MS) {
  const startedAt = performance.now();
  let seen = seenBy(number, { do: "look" });
  while (!holds(seen) && performance.now() - startedAt < withinMs) {
    await delay(LOOK_EVERY_MS);
    seen = seenBy(number, { do: "look" });
  }
  return seen;
}

/** Holds requests back until as many as are asked for have arrived, and lets them go on in one turn. */
function gather(_req, res, next) {
  // One for each request: a connection that another application of the same port had is not taken for a cut.
  res.setHeader("connection", "close");
  if (gathering === 0) return next();
  gathered.push(next);
  if (gathered.length < gathering) return;
  const all = gathered;
  gathering = 0;
  gathered = [];
  for (const goOn of all) goOn();
}

/** The store's own `update`; without one, what applications do in its place. */
function updateOf(store) {
  if (typeof store.update === "function") return ({ sessionID }, change) => store.update(sessionID, change);
  return async ({ session }, change) => {
    const { cookie: _, ...data } = session;
    Object.assign(session, await change(data));
    return { outcome: "saved" };
  };
}
