// Simulations with the real Express store over tables in this process and a clock of their own: what a bot on one session
// sends, and what is lost between two regions. Prints figures; asked by scale.js.
import { mock } from "node:test";
import { itemBytes, writeUnits } from "../demo/capacity.js";
import { expressSession } from "./express-in-process.js";
import { fromTests } from "./from-tests.js";
import { sessionData } from "./page-workload.js";
import { Regions } from "./regions.js";
import { waitsInNoTime } from "./simulated-waiting.js";
import { STORES } from "./stores.js";
import { readUnits, TableInProcess } from "./table-in-process.js";

const EPOCH = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const SEED = 1;
const USUAL_BYTES = 700;

const { Random } = await fromTests();
mock.timers.enable({ apis: ["Date"], now: EPOCH });
process.stdout.write(
  JSON.stringify({
    rows: await rowSizes(),
    reads: await readsOfABot(),
    writes: await writesOfABot(),
    changes: await changesBetweenRegions(),
    logouts: await logoutsBetweenRegions(),
  }),
);

async function door(table, options = {}) {
  const { load, make } = STORES.ours;
  const place = { table: "sessions", network: table };
  const store = await make(await load(), place, { sleep: waitsInNoTime, ...options });
  return expressSession({ store, resave: false, saveUninitialized: false, cookie: { maxAge: DAY_MS } });
}

function signIn(send, bytes = USUAL_BYTES) {
  return send(undefined, (req) => Object.assign(req.session, sessionData(bytes)));
}

/** What a session's row comes to, and costs. */
async function rowSizes() {
  const sizes = [];
  for (const bytes of [700, 4_000, 40_000]) {
    const table = await TableInProcess.make();
    let last;
    table.onCommand = ({ row }) => {
      last = row ?? last;
    };
    const send = await door(table);
    const cookie = await signIn(send, bytes);
    // A row remembers its last eight writes.
    for (let write = 1; write <= 8; write++) {
      await send(cookie, ({ session }) => {
        session.cart.seen = write % 2;
      });
    }
    sizes.push({
      bytes,
      rowBytes: itemBytes(last),
      readUnits: readUnits(last),
      writeUnits: writeUnits(last),
    });
  }
  return sizes;
}

/** One process, and a bot that sends its next request on each of its connections when the last was answered. */
async function readsOfABot() {
  const figures = [];
  for (const connections of [1, 8, 64]) {
    const table = await TableInProcess.make();
    const send = await door(table);
    const cookie = await signIn(send);
    let units = 0;
    table.onCommand = ({ readUnits }) => {
      units += readUnits;
    };
    const each = 640 / connections;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let request = 0; request < each; request++) await send(cookie, () => {});
      }),
    );
    figures.push({ connections, readUnitsPerRequest: units / 640 });
  }
  return figures;
}

/** Two minutes of a bot whose requests are spread among processes, one every five seconds to each. */
async function writesOfABot() {
  const figures = [];
  for (const touchInterval of [30_000, 0]) {
    for (const processes of [1, 4, 16]) {
      const table = await TableInProcess.make();
      const doors = [];
      while (doors.length < processes) doors.push(await door(table, { touchInterval }));
      const cookie = await signIn(doors[0]);
      const start = Date.now();
      let units = 0;
      let requests = 0;
      table.onCommand = ({ writeUnits }) => {
        units += writeUnits;
      };
      for (let second = 5; second <= 120; second += 5) {
        mock.timers.setTime(start + second * 1000);
        requests += processes;
        await Promise.all(doors.map((send) => send(cookie, () => {})));
      }
      figures.push({ touchInterval, processes, requests, writeUnits: units, seconds: 120 });
    }
  }
  return figures;
}

/** Users whose requests go to one region or the other; every fifth adds something to the session. */
async function changesBetweenRegions() {
  const routes = {
    user: ({ user }) => user % 2,
    page: ({ random }) => random.whole(0, 1),
    request:
      ({ random }) =>
      () =>
        random.whole(0, 1),
  };
  const figures = [];
  for (const [route, lagMs] of [
    ["user", 1_000],
    ["page", 1_000],
    ["request", 1_000],
    ["page", 60_000],
  ]) {
    const random = new Random(SEED);
    const regions = await Regions.make(lagMs);
    const doors = await Promise.all(regions.tables.map((table) => door(table)));
    const figure = { route, lagMs, requests: 0, changes: 0, lost: 0 };
    let now = Date.now();
    const to = (at) => {
      now = Math.max(now, at);
      mock.timers.setTime(now);
      regions.replicate();
    };
    for (let user = 0; user < 20; user++) {
      to(now);
      const cookie = await signIn(doors[0]);
      const made = [];
      to(now + 2 * lagMs);
      for (let page = 0; page < 10; page++) {
        to(now + random.whole(5_000, 60_000));
        const region = routes[route]({ user, random });
        const request = () => {
          const send = doors[typeof region === "function" ? region() : region];
          figure.requests += 1;
          return send(cookie, ({ session }) => {
            if (!random.chance(0.2)) return;
            made.push(`change${figure.changes++}`);
            session[made.at(-1)] = true;
          });
        };
        await request();
        to(now + 100);
        await Promise.all([1, 2, 3, 4, 5].map(request));
      }
      to(now + 2 * lagMs);
      await doors[0](cookie, ({ session }) => {
        figure.lost += made.filter((name) => !(name in session)).length;
      });
    }
    figures.push(figure);
  }
  return figures;
}

/** A logout in one region, and 100 ms later a request in the other that does not know of it yet. */
async function logoutsBetweenRegions() {
  const figures = [];
  for (const other of ["changes the session", "moves its expiry", "only reads it"]) {
    const regions = await Regions.make(1_000);
    const doors = await Promise.all(regions.tables.map((table) => door(table)));
    let revived = 0;
    for (let user = 0; user < 20; user++) {
      const start = Date.now();
      const cookie = await signIn(doors[0]);
      // A touch is due after 30 seconds.
      const loggedOutAt = start + (other === "moves its expiry" ? 40_000 : 20_000);
      mock.timers.setTime(loggedOutAt);
      await doors[0](cookie, (req) => req.session.destroy());
      mock.timers.setTime(loggedOutAt + 100);
      await doors[1](cookie, ({ session }) => {
        if (other === "changes the session") session.cart.seen = 1;
      });
      mock.timers.setTime(loggedOutAt + 5_000);
      await doors[0](cookie, ({ session }) => {
        if (session.user) revived += 1;
      });
    }
    figures.push({ other, logouts: 20, revived });
  }
  return figures;
}
