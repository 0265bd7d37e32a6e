// `npm run demo -- --check`: starts the demo as it is, and walks through it by HTTP as a browser would: one session, at
// every framework.
import { isDeepStrictEqual } from "node:util";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { Browser } from "./browser.js";
import { DOORS, SESSION_COOKIE, VISITOR_COOKIE } from "./doors.js";
import { startEmbeddedTable } from "./dynamodb.js";
import { startDemo } from "./server.js";
import { PRODUCTS } from "./shop.js";

const DEADLINE_MS = 30_000;
const TOO_LATE = `not done within ${DEADLINE_MS / 1000} seconds`;
// Short, so that a touch comes due while the check runs; long enough for the requests of a step to arrive within it.
const TOUCH_INTERVAL_MS = 2000;

/** What was seen is not what was expected. */
class Mismatch extends Error {
  constructor(what, expected, actual) {
    super(`${what}\n    expected  ${inBrief(expected)}\n    actual    ${inBrief(actual)}`);
  }
}

/** @typedef {import("./doors.js").Door & { browser: Browser }} Visit one framework, with the browser in front of it */

const USER = "Ada";

/**
 * Says one line for each step; whether all went well.
 *
 * @returns {Promise<boolean>}
 */
export async function runCheck() {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let step = "the demo starts";
  let demo;
  const late = new Promise((_, reject) => {
    deadline.addEventListener("abort", () => reject(new Error(TOO_LATE)));
  });
  late.catch(() => {});
  try {
    const table = await Promise.race([startEmbeddedTable(), late]);
    const ports = DOORS.map(() => 0);
    demo = await Promise.race([startDemo({ table, ports, touchInterval: TOUCH_INTERVAL_MS }), late]);
    console.log(`✓ ${step} (${demo.doors.map(({ framework, url }) => `${framework} ${url}`).join(", ")})`);
    // One browser: its cookies are this host's, whatever the port.
    const cookies = new Map();
    const visits = DOORS.map((door, index) => ({
      ...door,
      browser: new Browser(demo.doors[index].url, deadline, cookies),
    }));
    for (const { name, walk, at } of steps(demo.doors, table)) {
      step = name;
      await Promise.race([walk ? walk(visits) : atEach(visits, at), late]);
      console.log(`✓ ${name}`);
    }
    step = "everything closes";
    await Promise.race([demo.close(), late]);
    console.log(`✓ ${step}`);
    return true;
  } catch (error) {
    console.error(`✗ ${step}\n  ${deadline.aborted ? TOO_LATE : describe(error)}`);
    demo?.close().catch(() => {});
    return false;
  }
}

/**
 * The steps: `at` is walked at each framework, one after the other; `walk` goes where it likes.
 *
 * @param {import("./server.js").OpenDoor[]} doors
 * @param {import("./dynamodb.js").DemoTable} table
 * @returns {{ name: string, at?: (visit: Visit, next: Visit) => Promise<void>, walk?: (visits: Visit[]) => Promise<void> }[]}
 */
function steps(doors, table) {
  return [
    {
      name: "each framework serves the page, which asks for nothing from elsewhere",
      async at({ browser }) {
        const page = await browser.get("/");
        expect("status", 200, page.status);
        expect("content type", "text/html; charset=utf-8", page.headers.get("content-type"));
        const policy = page.headers.get("content-security-policy") ?? "";
        expect("nothing is allowed but what is named", true, policy.startsWith("default-src 'none';"));
        expect("cookie of the visitor", true, browser.cookies.has(VISITOR_COOKIE));
        for (const [, path] of page.body.matchAll(/(?:src|href)="([^"#]+)"/g)) {
          if (path.startsWith("data:")) continue;
          expect(`${path} is of this server`, false, /^(\w+:|\/\/)/.test(path));
          expect(`status of ${path}`, 200, (await browser.get(`/${path.replace(/^\.?\//, "")}`)).status);
        }
      },
    },
    {
      name: "the page is told which framework serves it, where the others are, and asks each of them by its path",
      async at({ browser, framework }) {
        const { about } = (await browser.get("/api/session")).body;
        expect("framework", framework, about.framework);
        expect("frameworks and ports", doors, about.doors);
        for (const door of about.doors) {
          const there = (await browser.at(door.url).get("/api/session")).body.about;
          expect(`framework at the port of ${door.framework}`, door.framework, there.framework);
        }
        for (const { framework: asked, path } of DOORS) {
          const there = (await browser.get(`${path}/api/session`)).body.about;
          expect(`framework at the path ${path}`, asked, there.framework);
        }
      },
    },
    {
      name: "a new visitor is not signed in, and has neither a cookie of a session nor a row",
      async at({ browser }) {
        const { status, body } = await browser.get("/api/session");
        expect("status", 200, status);
        expect("signed in", false, body.signedIn);
        expect("session cookie", undefined, browser.cookies.get(SESSION_COOKIE));
        expect("row", null, await rowOf(browser));
        expect("status of a cart without a session", 401, (await putInCart(browser, "lamp")).status);
      },
    },
    {
      name: "signing in at one is signing in at all, with one row and one cookie, which scripts cannot read; so is signing out",
      async at({ browser, framework }, next) {
        const ada = browser.stranger();
        const { status, setCookies } = await ada.post("/api/sign-in", { name: USER });
        expect("status", 200, status);
        const set = setCookies.at(-1) ?? "";
        expect("the session's cookie", true, set.startsWith(`${SESSION_COOKIE}=s`));
        expect("HttpOnly", true, /; HttpOnly/i.test(set));
        expect("SameSite", true, /; SameSite=Lax/i.test(set));
        expect("cookies", [SESSION_COOKIE], [...ada.cookies.keys()]);
        const row = await rowOf(ada);
        for (const { url, framework: there } of doors) {
          const { name } = (await ada.at(url).get("/api/session")).body;
          expect(`who is signed in at ${there}`, USER, name);
          expect(`row at ${there}`, row, await rowOf(ada.at(url)));
        }
        expect("who is signed in, in the table", [USER], (await allRows(table)).map(nameIn));
        await signOut(ada.at(urlOf(doors, next)), doors);
        expect(`rows after signing out of what ${framework} made`, 0, (await allRows(table)).length);
      },
    },
    {
      name: "each framework gives the session a new id, by which all know it; the id before is worth nothing",
      async walk(visits) {
        const [{ browser: first }] = visits;
        expect("status", 200, (await first.post("/api/sign-in", { name: USER })).status);
        await atEach(visits, async ({ browser }) => {
          const before = browser.clone();
          const { gen } = await rowOf(before);
          expect("status", 200, (await browser.post("/api/sign-in", { name: USER })).status);
          const isSame = browser.cookies.get(SESSION_COOKIE) === before.cookies.get(SESSION_COOKIE);
          expect("same cookie as before", false, isSame);
          expect("row of the id before", null, await rowOf(before));
          for (const { url, framework } of doors) {
            const old = (await before.at(url).get("/api/session")).body;
            expect(`signed in at ${framework} by the id before`, false, old.signedIn);
            expect(`name at ${framework}`, USER, (await browser.at(url).get("/api/session")).body.name);
          }
          const row = await rowOf(browser);
          expect("name in the row", { name: USER }, row.sess.user);
          expect("same gen as before", false, row.gen === gen);
        });
      },
    },
    {
      name: "what is put in the cart at each is found by all, in one row whose rev grows by one each time",
      async walk(visits) {
        const before = await rowOf(visits[0].browser);
        const products = ["teapot", "lamp", "plant"];
        for (const [index, { browser }] of visits.entries()) {
          const { status, body } = await putInCart(browser, products[index]);
          const cart = Object.fromEntries(products.slice(0, index + 1).map((product) => [product, 1]));
          expect("status", 200, status);
          expect("cart", cart, body.cart);
          const row = await rowOf(browser);
          expect("cart in the row", cart, row.sess.cart);
          expect("rev", before.rev + 1 + index, row.rev);
          expect("gen", before.gen, row.gen);
        }
      },
    },
    {
      name: "a note of the greatest length is kept, in any script",
      async at({ browser, framework }) {
        const note = `${framework}: `.padEnd(3000, "注");
        expect("status", 200, (await browser.post("/api/note", { note })).status);
        expect("note in the row", note, (await rowOf(browser)).sess.note);
      },
    },
    {
      name: "what makes no sense is refused, and changes nothing",
      async at({ browser }) {
        const { rev } = await rowOf(browser);
        for (const [path, body, status] of [
          ["/api/sign-in", { name: " " }, 400],
          ["/api/sign-in", { name: "A".repeat(41) }, 400],
          ["/api/cart", { product: "toString", add: 1 }, 400],
          ["/api/cart", { product: "lamp", add: 0.5 }, 400],
          ["/api/note", { note: 7 }, 400],
          ["/api/note", { note: "x".repeat(20_000) }, 413],
          ["/api/nothing", {}, 404],
          ["/express/api/nothing", {}, 404],
        ]) {
          const answer = await browser.post(path, body);
          expect(`status of ${path} with ${JSON.stringify(body).slice(0, 60)}`, status, answer.status);
        }
        expect("status of what is no JSON", 400, (await browser.postText("/api/cart", "{")).status);
        const form = await browser.postText("/api/cart", "product=lamp&add=1", "text/plain");
        expect("status of a form", 415, form.status);
        expect("rev", rev, (await rowOf(browser)).rev);
      },
    },
    {
      name: "six changes at once, two at each framework: none is lost",
      async at({ browser, framework }) {
        const before = await rowOf(browser);
        const action = `changes-${framework} Six changes`;
        const answers = await Promise.all(
          PRODUCTS.map(({ id }, index) =>
            browser.post(`${DOORS[index % DOORS.length].path}/api/cart`, { product: id, add: 1 }, action),
          ),
        );
        for (const { status } of answers) expect("status", 200, status);
        const after = await rowOf(browser);
        const counts = PRODUCTS.map(({ id }) => [id, (before.sess.cart[id] ?? 0) + 1]);
        expect("cart", Object.fromEntries(counts), after.sess.cart);
        expect("rev", before.rev + PRODUCTS.length, after.rev);
      },
    },
    {
      name: "six requests at once see the same cart, and cost at most one write",
      at: ({ browser, framework }) => sixAtOnce(browser, `six-${framework}`, [0, 1]),
    },
    {
      name: "looking at the row counts as no call, and renews nothing though a touch is due",
      async walk([{ browser }]) {
        const before = (await browser.get("/api/inspect")).body;
        await delay(TOUCH_INTERVAL_MS + 100);
        await rowOf(browser);
        const after = (await browser.get("/api/inspect")).body;
        expect("last renewal", before.row.updated, after.row.updated);
        expect("end", before.row.until, after.row.until);
        expect("totals", before.totals, after.totals);
      },
    },
    {
      name: "six requests at once cost exactly one write when a touch is due, where 0.0.19 had made several; and rev stays",
      async walk([{ browser }]) {
        const before = await rowOf(browser);
        const { unitsBefore } = await sixAtOnce(browser, "six-due", [1]);
        const after = await rowOf(browser);
        expect("rev", before.rev, after.rev);
        expect("the session ends later than before", true, after.until > before.until);
        // Its row, without this version's attributes, is smaller by less than a KB; and a request that came late, when
        // another had touched the row, had touched it no more.
        const [reads, writes] = [4096, 1024].map((unit) => Math.ceil(after.bytes / unit));
        const [least, most] = [6 * reads + 2 * (writes - 1), 6 * (reads + writes)];
        if (unitsBefore < least || unitsBefore > most)
          throw new Mismatch("units that 0.0.19 had spent", `${least} to ${most}`, unitsBefore);
      },
    },
    {
      name: "a session's id without the right signature gets no session, and no look at its row",
      async at({ browser }) {
        const thief = browser.clone();
        const cookie = thief.cookies.get(SESSION_COOKIE);
        // The id stays as it is.
        const tampered = cookie.replace(/^(.*\.)(.)/, (_, id, first) => id + (first === "A" ? "B" : "A"));
        expect("is another cookie", false, tampered === cookie);
        thief.cookies.set(SESSION_COOKIE, tampered);
        expect("row", null, await rowOf(thief));
        expect("signed in", false, (await thief.get("/api/session")).body.signedIn);
        expect("status of a widget", 401, (await thief.get("/api/widgets/1")).status);
      },
    },
    {
      name: "the inspector shows neither the row nor the calls to another visitor",
      async at({ browser }) {
        const stranger = browser.stranger();
        await stranger.get("/");
        const { body } = await stranger.get("/api/inspect");
        expect("row", null, body.row);
        expect("actions", [], body.actions);
      },
    },
    {
      name: "a sign-out stays final against a slow request, which saves after it at another framework",
      async at({ browser, framework }, next) {
        expect("status", 200, (await browser.post("/api/sign-in", { name: USER })).status);
        const action = `slow-${framework}`;
        const slow = browser.post("/api/slow-cart", { product: "record", add: 1 }, `${action} Slow`);
        await untilRead(browser, action);
        await signOut(browser.at(urlOf(doors, next)), doors);
        expect("status of the slow request", 200, (await slow).status);
        const { actions } = (await browser.get("/api/inspect")).body;
        const { gone, calls } = actions.find(({ id }) => id === action);
        expect("saves that found the session gone", 1, gone);
        expect("refused writes", 1, calls.filter(({ outcome }) => outcome === "refused").length);
        expect("rows in the table", [], await allRows(table));
        expect("session cookie", undefined, browser.cookies.get(SESSION_COOKIE));
      },
    },
    {
      name: "the calls and what they cost were reported, beside what 0.0.19 would have spent",
      async at({ browser }) {
        const { actions, totals } = (await browser.get("/api/inspect")).body;
        expect("read units above 0", true, totals.readUnits > 0);
        expect("write units above 0", true, totals.writeUnits > 0);
        expect("0.0.19 had read at least as much", true, totals.before.readUnits >= totals.readUnits);
        const failed = actions.flatMap(({ calls }) => calls.filter(({ outcome }) => outcome === "failed"));
        expect("failed calls", [], failed);
      },
    },
  ];
}

/** Signs out at the framework that this browser stands before, and looks at each whether that was the end. */
async function signOut(browser, doors) {
  const old = browser.clone();
  expect("status of signing out", 200, (await browser.post("/api/sign-out")).status);
  expect("session cookie", undefined, browser.cookies.get(SESSION_COOKIE));
  for (const { url, framework } of doors) {
    const there = old.at(url);
    expect(`row of the old cookie at ${framework}`, null, await rowOf(there));
    expect(`signed in at ${framework} by it`, false, (await there.get("/api/session")).body.signedIn);
    expect(`status of a cart at ${framework} by it`, 401, (await putInCart(there, "lamp")).status);
    expect(`row of it at ${framework} after that`, null, await rowOf(there));
  }
}

/** Waits until a request of this action has read its session. */
async function untilRead(browser, action) {
  for (;;) {
    const { actions } = (await browser.get("/api/inspect")).body;
    if (actions.find(({ id }) => id === action)?.calls.length > 0) return;
  }
}

function urlOf(doors, { framework }) {
  return doors.find((door) => door.framework === framework).url;
}

/** Loads the six widgets together; `writes` says how many writes that may have cost. */
async function sixAtOnce(browser, action, writes) {
  const numbers = [1, 2, 3, 4, 5, 6];
  const answers = await Promise.all(
    numbers.map((number) => browser.get(`/api/widgets/${number}`, `${action} Six`)),
  );
  for (const { status, body } of answers) {
    expect("status", 200, status);
    expect("cart", answers[0].body.cart, body.cart);
  }
  const { actions } = (await browser.get("/api/inspect")).body;
  const done = actions.find(({ id }) => id === action);
  const { calls } = done;
  const written = calls.filter(({ kind }) => kind === "write").length;
  expect(
    "there were reads",
    true,
    calls.some(({ kind }) => kind === "read"),
  );
  if (!writes.includes(written)) throw new Mismatch("writes", writes.join(" or "), written);
  return done;
}

/** Walks at each framework, one after the other; a failure says at which. */
async function atEach(visits, walk) {
  for (const [index, visit] of visits.entries()) {
    try {
      await walk(visit, visits[(index + 1) % visits.length]);
    } catch (error) {
      error.message = `${visit.framework}: ${error.message}`;
      throw error;
    }
  }
}

/** @param {import("./dynamodb.js").DemoTable} table */
async function allRows({ name, clientConfig }) {
  const client = new DynamoDBClient(clientConfig);
  try {
    const { Items: items = [] } = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true }),
    );
    return items.map(({ pk, sess }) => ({ key: pk.S, sess: JSON.parse(sess.S) }));
  } finally {
    client.destroy();
  }
}

function nameIn({ sess }) {
  return sess.user?.name;
}

async function rowOf(browser) {
  return (await browser.get("/api/inspect")).body.row;
}

function putInCart(browser, product) {
  return browser.post("/api/cart", { product, add: 1 });
}

function describe(error) {
  return error instanceof Mismatch ? error.message : `${error.message}\n${error.stack}`;
}

function inBrief(value) {
  return String(JSON.stringify(value)).slice(0, 300);
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function expect(what, expected, actual) {
  if (!isDeepStrictEqual(actual, expected)) throw new Mismatch(what, expected, actual);
}
