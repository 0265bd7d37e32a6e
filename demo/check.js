// `npm run demo -- --check`: starts the demo as it is, and walks through it by HTTP as a browser would.
import { isDeepStrictEqual } from "node:util";
import { Browser } from "./browser.js";
import { startEmbeddedTable } from "./dynamodb.js";
import { startDemo } from "./server.js";

const DEADLINE_MS = 30_000;
const TOO_LATE = `not done within ${DEADLINE_MS / 1000} seconds`;
// Short, so that a touch comes due while the check runs; long enough for six requests to arrive within it.
const TOUCH_INTERVAL_MS = 2000;
const SESSION_COOKIE = "demo.sid";

/** What was seen is not what was expected. */
class Mismatch extends Error {
  constructor(what, expected, actual) {
    super(`${what}\n    expected  ${JSON.stringify(expected)}\n    actual    ${JSON.stringify(actual)}`);
  }
}

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
    const start = async () =>
      startDemo({ table: await startEmbeddedTable(), port: 0, touchInterval: TOUCH_INTERVAL_MS });
    demo = await Promise.race([start(), late]);
    console.log(`✓ ${step} (${demo.url})`);
    for (const [name, walk] of steps(new Browser(demo.url, deadline))) {
      step = name;
      await Promise.race([walk(), late]);
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
 * @param {Browser} browser
 * @returns {[string, () => Promise<void>][]}
 */
function steps(browser) {
  let firstRow;
  let signedIn;
  let cartRow;

  return [
    [
      "the page is served, and asks for nothing from elsewhere",
      async () => {
        const page = await browser.get("/");
        expect("status", 200, page.status);
        expect("content type", "text/html; charset=utf-8", page.headers.get("content-type"));
        for (const [, path] of page.body.matchAll(/(?:src|href)="([^"#]+)"/g)) {
          if (path.startsWith("data:")) continue;
          expect(`${path} is of this server`, false, /^(\w+:|\/\/)/.test(path));
          expect(`status of ${path}`, 200, (await browser.get(`/${path.replace(/^\.?\//, "")}`)).status);
        }
      },
    ],
    [
      "a new visitor is not signed in, and has neither a cookie of a session nor a row",
      async () => {
        const { status, body } = await browser.get("/api/session");
        expect("status", 200, status);
        expect("signed in", false, body.signedIn);
        expect("session cookie", undefined, browser.cookies.get(SESSION_COOKIE));
        expect("row", null, await rowOf(browser));
        expect("status of a cart without a session", 401, (await putInCart(browser, "lamp")).status);
      },
    ],
    [
      "signing in sets a cookie that scripts cannot read",
      async () => {
        const { status, setCookies } = await browser.post("/api/sign-in", { name: "Ada" });
        expect("status", 200, status);
        const set = setCookies.find((line) => line.startsWith(`${SESSION_COOKIE}=`)) ?? "";
        expect("HttpOnly", true, set.includes("; HttpOnly"));
        expect("SameSite", true, set.includes("; SameSite=Lax"));
        expect("name", "Ada", (await browser.get("/api/session")).body.name);
      },
    ],
    [
      "signing in again changes the session's id, and the one before is worth nothing",
      async () => {
        const before = browser.clone();
        firstRow = await rowOf(before);
        expect("status", 200, (await browser.post("/api/sign-in", { name: "Ada" })).status);
        const isSame = browser.cookies.get(SESSION_COOKIE) === before.cookies.get(SESSION_COOKIE);
        expect("same cookie as before", false, isSame);
        expect("row of the id before", null, await rowOf(before));
        expect("signed in by the id before", false, (await before.get("/api/session")).body.signedIn);
        signedIn = await rowOf(browser);
        expect("name in the row", { name: "Ada" }, signedIn.sess.user);
        expect("same gen as before", false, signedIn.gen === firstRow.gen);
      },
    ],
    [
      "a product in the cart is in the row, and rev grew by one",
      async () => {
        const { status, body } = await putInCart(browser, "lamp");
        expect("status", 200, status);
        expect("cart", { lamp: 1 }, body.cart);
        cartRow = await rowOf(browser);
        expect("cart in the row", { lamp: 1 }, cartRow.sess.cart);
        expect("rev", signedIn.rev + 1, cartRow.rev);
        expect("gen", signedIn.gen, cartRow.gen);
      },
    ],
    [
      "what makes no sense is refused with 400, and changes nothing",
      async () => {
        for (const [path, body] of [
          ["/api/sign-in", { name: " " }],
          ["/api/sign-in", { name: "A".repeat(41) }],
          ["/api/cart", { product: "toString", add: 1 }],
          ["/api/cart", { product: "lamp", add: 0.5 }],
          ["/api/note", { note: 7 }],
        ]) {
          const { status } = await browser.post(path, body);
          expect(`status of ${path} with ${JSON.stringify(body)}`, 400, status);
        }
        expect(
          "status of a large body",
          413,
          (await browser.post("/api/note", { note: "x".repeat(9000) })).status,
        );
        expect("rev", cartRow.rev, (await rowOf(browser)).rev);
      },
    ],
    [
      "six requests at once see the same cart, and cost at most one write",
      () => sixAtOnce(browser, "six-1", [0, 1]),
    ],
    [
      "six requests at once cost exactly one write when a touch is due, and rev stays",
      async () => {
        const before = await rowOf(browser);
        await delay(TOUCH_INTERVAL_MS + 100);
        await sixAtOnce(browser, "six-2", [1]);
        const after = await rowOf(browser);
        expect("rev", before.rev, after.rev);
        expect("the session ends later than before", true, after.until > before.until);
      },
    ],
    [
      "a tampered cookie gets no session",
      async () => {
        const thief = browser.clone();
        const cookie = browser.cookies.get(SESSION_COOKIE) ?? "";
        const tampered = cookie.replace(
          /^(s%3A)(.)/,
          (_, start, first) => start + (first === "A" ? "B" : "A"),
        );
        thief.cookies.set(SESSION_COOKIE, tampered);
        expect("is another cookie", false, thief.cookies.get(SESSION_COOKIE) === cookie);
        expect("signed in", false, (await thief.get("/api/session")).body.signedIn);
        expect("row", null, await rowOf(thief));
        expect("status of a widget", 401, (await thief.get("/api/widgets/1")).status);
      },
    ],
    [
      "the inspector shows neither the row nor the calls to another visitor",
      async () => {
        const stranger = browser.stranger();
        const { body } = await stranger.get("/api/inspect");
        expect("row", null, body.row);
        expect("actions", [], body.actions);
      },
    ],
    [
      "signing out removes the row, and the old cookie is worth nothing",
      async () => {
        const old = browser.clone();
        expect("status", 200, (await browser.post("/api/sign-out")).status);
        expect("session cookie", undefined, browser.cookies.get(SESSION_COOKIE));
        expect("row of the old cookie", null, await rowOf(old));
        expect("signed in by the old cookie", false, (await old.get("/api/session")).body.signedIn);
        expect("status of a cart by the old cookie", 401, (await putInCart(old, "lamp")).status);
        expect("row of the old cookie after that", null, await rowOf(old));
      },
    ],
    [
      "the calls and what they cost were reported",
      async () => {
        const { actions, totals } = (await browser.get("/api/inspect")).body;
        expect("read units above 0", true, totals.readUnits > 0);
        expect("write units above 0", true, totals.writeUnits > 0);
        const failed = actions.flatMap(({ calls }) => calls.filter(({ outcome }) => outcome === "failed"));
        expect("failed calls", [], failed);
      },
    ],
  ];
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

async function rowOf(browser) {
  return (await browser.get("/api/inspect")).body.row;
}

function putInCart(browser, product) {
  return browser.post("/api/cart", { product, add: 1 });
}

function describe(error) {
  return error instanceof Mismatch ? error.message : error.stack;
}

function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function expect(what, expected, actual) {
  if (!isDeepStrictEqual(actual, expected)) throw new Mismatch(what, expected, actual);
}
