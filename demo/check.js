// `npm run demo -- --check`: starts the demo as it is, and walks through it by HTTP as a browser would: each step at
// every framework at the same time, with one browser, so that a mix-up among them would show.
import { isDeepStrictEqual } from "node:util";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { Browser } from "./browser.js";
import { DOORS } from "./doors.js";
import { startEmbeddedTable } from "./dynamodb.js";
import { startDemo } from "./server.js";

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

/**
 * One framework as the check visits it, and what was last seen there.
 *
 * @typedef {import("./doors.js").Door & { browser: Browser, user: string, row?: import("./row.js").ShownRow }} Visit
 */

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
    const cookies = new Map();
    const visits = DOORS.map((door, index) => ({
      ...door,
      browser: new Browser(demo.doors[index].url, deadline, cookies),
      user: ["Ada", "Grace", "Edsger"][index],
    }));
    const names = DOORS.map(({ framework }) => framework).join(", ");
    for (const { name, at, among } of steps(demo.doors, table)) {
      step = name;
      await Promise.race([among ? among(visits) : everywhere(visits, at), late]);
      console.log(`✓ ${name}${at ? ` · ${names}` : ""}`);
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
 * The steps: `at` is walked at every framework, all at the same time; `among` looks at all of them.
 *
 * @param {import("./server.js").OpenDoor[]} doors
 * @param {import("./dynamodb.js").DemoTable} table
 * @returns {{ name: string, at?: (visit: Visit) => Promise<void>, among?: (visits: Visit[]) => Promise<void> }[]}
 */
function steps(doors, table) {
  return [
    {
      name: "the page is served, and asks for nothing from elsewhere",
      async at({ browser, visitorCookie }) {
        const page = await browser.get("/");
        expect("status", 200, page.status);
        expect("content type", "text/html; charset=utf-8", page.headers.get("content-type"));
        const policy = page.headers.get("content-security-policy") ?? "";
        expect("nothing is allowed but what is named", true, policy.startsWith("default-src 'none';"));
        expect("cookie of the visitor", true, browser.cookies.has(visitorCookie));
        for (const [, path] of page.body.matchAll(/(?:src|href)="([^"#]+)"/g)) {
          if (path.startsWith("data:")) continue;
          expect(`${path} is of this server`, false, /^(\w+:|\/\/)/.test(path));
          expect(`status of ${path}`, 200, (await browser.get(`/${path.replace(/^\.?\//, "")}`)).status);
        }
      },
    },
    {
      name: "the page is told which framework serves it, and where the others are",
      async at({ browser, framework }) {
        const { about } = (await browser.get("/api/session")).body;
        expect("framework", framework, about.framework);
        expect("frameworks and ports", doors, about.doors);
        for (const door of about.doors) {
          const there = (await browser.at(door.url).get("/api/session")).body.about;
          expect(`framework at the port of ${door.framework}`, door.framework, there.framework);
        }
      },
    },
    {
      name: "a new visitor is not signed in, and has neither a cookie of a session nor a row",
      async at({ browser, sessionCookie }) {
        const { status, body } = await browser.get("/api/session");
        expect("status", 200, status);
        expect("signed in", false, body.signedIn);
        expect("session cookie", undefined, browser.cookies.get(sessionCookie));
        expect("row", null, await rowOf(browser));
        expect("status of a cart without a session", 401, (await putInCart(browser, "lamp")).status);
      },
    },
    {
      name: "signing in sets a cookie that scripts cannot read",
      async at({ browser, sessionCookie, user }) {
        const { status, setCookies } = await browser.post("/api/sign-in", { name: user });
        expect("status", 200, status);
        const set = setCookies.find((line) => line.startsWith(`${sessionCookie}=`)) ?? "";
        expect("HttpOnly", true, /; HttpOnly/i.test(set));
        expect("SameSite", true, /; SameSite=Lax/i.test(set));
        expect("name", user, (await browser.get("/api/session")).body.name);
      },
    },
    {
      name: "signing in again changes the session's id, and the one before is worth nothing",
      async at(visit) {
        const { browser, sessionCookie, user } = visit;
        const before = browser.clone();
        const firstRow = await rowOf(before);
        expect("status", 200, (await browser.post("/api/sign-in", { name: user })).status);
        const isSame = browser.cookies.get(sessionCookie) === before.cookies.get(sessionCookie);
        expect("same cookie as before", false, isSame);
        expect("row of the id before", null, await rowOf(before));
        expect("signed in by the id before", false, (await before.get("/api/session")).body.signedIn);
        visit.row = await rowOf(browser);
        expect("name in the row", { name: user }, visit.row.sess.user);
        expect("same gen as before", false, visit.row.gen === firstRow.gen);
      },
    },
    {
      name: "a product in the cart is in the row, and rev grew by one",
      async at(visit) {
        const { browser, row } = visit;
        const { status, body } = await putInCart(browser, "lamp");
        expect("status", 200, status);
        expect("cart", { lamp: 1 }, body.cart);
        visit.row = await rowOf(browser);
        expect("cart in the row", { lamp: 1 }, visit.row.sess.cart);
        expect("rev", row.rev + 1, visit.row.rev);
        expect("gen", row.gen, visit.row.gen);
      },
    },
    {
      name: "a note of the greatest length is kept, in any script",
      async at(visit) {
        const note = "注".repeat(3000);
        expect("status", 200, (await visit.browser.post("/api/note", { note })).status);
        visit.row = await rowOf(visit.browser);
        expect("note in the row", note, visit.row.sess.note);
      },
    },
    {
      name: "what makes no sense is refused, and changes nothing",
      async at({ browser, row }) {
        for (const [path, body, status] of [
          ["/api/sign-in", { name: " " }, 400],
          ["/api/sign-in", { name: "A".repeat(41) }, 400],
          ["/api/cart", { product: "toString", add: 1 }, 400],
          ["/api/cart", { product: "lamp", add: 0.5 }, 400],
          ["/api/note", { note: 7 }, 400],
          ["/api/note", { note: "x".repeat(20_000) }, 413],
          ["/api/nothing", {}, 404],
        ]) {
          const answer = await browser.post(path, body);
          expect(`status of ${path} with ${JSON.stringify(body).slice(0, 60)}`, status, answer.status);
        }
        expect("status of what is no JSON", 400, (await browser.postText("/api/cart", "{")).status);
        const form = await browser.postText("/api/cart", "product=lamp&add=1", "text/plain");
        expect("status of a form", 415, form.status);
        expect("rev", row.rev, (await rowOf(browser)).rev);
      },
    },
    {
      name: "the sessions of all three sit in one table, each under the prefix of its framework",
      async among(visits) {
        const rows = await allRows(table);
        expect("number of rows", visits.length, rows.length);
        for (const { hashPrefix, user, framework } of visits) {
          const own = rows.filter(({ key }) => key.startsWith(hashPrefix));
          expect(`who is signed in at ${framework}`, [user], own.map(nameIn));
        }
      },
    },
    {
      name: "six requests at once see the same cart, and cost at most one write",
      at: ({ browser }) => sixAtOnce(browser, "six-1", [0, 1]),
    },
    {
      name: "looking at the row counts as no call, and renews nothing though a touch is due",
      async at(visit) {
        const { browser } = visit;
        const before = (await browser.get("/api/inspect")).body;
        await delay(TOUCH_INTERVAL_MS + 100);
        await rowOf(browser);
        const after = (await browser.get("/api/inspect")).body;
        expect("last renewal", before.row.updated, after.row.updated);
        expect("end", before.row.until, after.row.until);
        expect("totals", before.totals, after.totals);
        visit.row = after.row;
      },
    },
    {
      name: "six requests at once cost exactly one write when a touch is due, and rev stays",
      async at({ browser, row }) {
        await sixAtOnce(browser, "six-2", [1]);
        const after = await rowOf(browser);
        expect("rev", row.rev, after.rev);
        expect("the session ends later than before", true, after.until > row.until);
      },
    },
    {
      name: "a session's id without the right signature gets no session, and no look at its row",
      async at({ browser, sessionCookie }) {
        const thief = browser.clone();
        // Koa's signature is a cookie of its own; the others' stands behind the id. The id stays as it is.
        const [signed = sessionCookie] = [...thief.cookies.keys()].filter(
          (name) => name === `${sessionCookie}.sig`,
        );
        const cookie = thief.cookies.get(signed) ?? "";
        const tampered = cookie.replace(
          /^(.*\.)?(.)/,
          (_, id = "", first) => id + (first === "A" ? "B" : "A"),
        );
        expect("is another cookie", false, tampered === cookie);
        thief.cookies.set(signed, tampered);
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
      name: "signing out removes the row, the old cookie is worth nothing, and the other frameworks' sessions stay",
      async among(visits) {
        const left = [...visits];
        for (const visit of visits) {
          left.shift();
          await walkAt(visit, signOut);
          for (const { browser, user, framework } of left) {
            const { name } = (await browser.get("/api/session")).body;
            expect(`who is signed in at ${framework} after that`, user, name);
          }
          expect(
            "rows in the table",
            left.map(({ user }) => user).sort(),
            (await allRows(table)).map(nameIn).sort(),
          );
        }
      },
    },
    {
      name: "the calls and what they cost were reported",
      async at({ browser }) {
        const { actions, totals } = (await browser.get("/api/inspect")).body;
        expect("read units above 0", true, totals.readUnits > 0);
        expect("write units above 0", true, totals.writeUnits > 0);
        const failed = actions.flatMap(({ calls }) => calls.filter(({ outcome }) => outcome === "failed"));
        expect("failed calls", [], failed);
      },
    },
  ];
}

/** @param {Visit} visit */
async function signOut({ browser, sessionCookie }) {
  const old = browser.clone();
  expect("status", 200, (await browser.post("/api/sign-out")).status);
  expect("session cookie", undefined, browser.cookies.get(sessionCookie));
  expect("row of the old cookie", null, await rowOf(old));
  expect("signed in by the old cookie", false, (await old.get("/api/session")).body.signedIn);
  expect("status of a cart by the old cookie", 401, (await putInCart(old, "lamp")).status);
  expect("row of the old cookie after that", null, await rowOf(old));
}

/** Loads the six widgets together; `writes` says how many writes that may have cost. */
async function sixAtOnce(browser, action, writes) {
  const numbers = [1, 2, 3, 4, 5, 6];
  const answers = await Promise.all(
    numbers.map((number) => browser.get(`/api/widgets/${number}`, `${action} Six`)),
  );
  for (const { status, body } of answers) {
    expect("status", 200, status);
    expect("cart", { lamp: 1 }, body.cart);
  }
  const { actions } = (await browser.get("/api/inspect")).body;
  const calls = actions.find(({ id }) => id === action)?.calls ?? [];
  const written = calls.filter(({ kind }) => kind === "write").length;
  expect(
    "there were reads",
    true,
    calls.some(({ kind }) => kind === "read"),
  );
  if (!writes.includes(written)) throw new Mismatch("writes", writes.join(" or "), written);
}

/** Walks at every framework at the same time; each has come to its end before a failure is told. */
async function everywhere(visits, walk) {
  const walks = await Promise.allSettled(visits.map((visit) => walkAt(visit, walk)));
  const failed = walks.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

/** A failure says at which framework. */
async function walkAt(visit, walk) {
  try {
    await walk(visit);
  } catch (error) {
    error.message = `${visit.framework}: ${error.message}`;
    throw error;
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
