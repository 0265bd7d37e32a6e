// Ties the page together: what the user does goes to the server, one thing after another, and the row and the calls
// are looked at after each and once a second.
import { get, nameAction, post, Refused, ServerGone } from "./api.js";
import { createCallsPanel, summaryOf } from "./calls.js";
import { pathOf, showDoors } from "./doors.js";
import { byId, plural, setText } from "./elements.js";
import { createRowPanel } from "./row.js";
import { createShop } from "./shop.js";
import { createTrials, ofChanges, ofReads, ofSignOut } from "./trials.js";

const LOOK_EVERY_MS = 1000;
const GONE =
  "The demo's server does not answer. Start it with npm run demo; this page then goes on by itself.";
const RESTARTED =
  "The demo's server was started anew, and signs its cookies with a new secret: please sign in again.";
const ENDED = "Your session has ended: it expired, or was signed out elsewhere. Please sign in again.";

const row = createRowPanel();
const calls = createCallsPanel();
const shop = createShop({ signIn, signOut, changeCart, saveNote });
const trials = createTrials({ readAtOnce, changeAtOnce, signOutMeanwhile });

/** Which start of the server the page talks to, and of what kind it is; undefined before the first answer. */
let about;
let products = [];
/** The session as it is shown. */
let shown = { signedIn: false };
let isActing = false;
/** What stands on top of the page. */
let trouble = "";
/** @type {Promise<void>} */
let lastAct = Promise.resolve();

act("Open the page", openSession).then(lookAgainAndAgain);

function signIn(name) {
  return act("Sign in", async (action) => {
    showSession(await post("/api/sign-in", { name }, action));
    byId("name").value = "";
  });
}

function signOut() {
  return act("Sign out", async (action) => showSession(await post("/api/sign-out", {}, action)));
}

function changeCart(product, add) {
  const label = add > 0 ? `Put ${product.name} in the cart` : `Take ${product.name} out`;
  return act(label, async (action) => {
    showSession(await post("/api/cart", { product: product.id, add }, action));
  });
}

function saveNote(note) {
  return act("Save the note", async (action) => {
    showSession(await post("/api/note", { note }, action));
  });
}

function readAtOnce() {
  trials.clear("reads");
  const numbers = Array.from({ length: trials.count }, (_, index) => index);
  return act(
    "Six requests at once",
    (action) =>
      Promise.all(
        numbers.map((index) =>
          tryOne("reads", index, async () => {
            const { title, cart } = await get(`/api/widgets/${index + 1}`, action);
            return { title, detail: plural(piecesIn(cart), "piece") };
          }),
        ),
      ),
    (done) => trials.tell("reads", ofReads(done)),
  );
}

function changeAtOnce() {
  trials.clear("changes");
  let before;
  return act(
    "Six changes at once",
    async (action) => {
      before = shown.cart;
      await Promise.all(
        products.map(({ id, name }, index) => {
          const { framework } = about.doors[index % about.doors.length];
          return tryOne("changes", index, async () => {
            await post(`${pathOf(framework)}/api/cart`, { product: id, add: 1 }, action);
            return { title: name, detail: framework };
          });
        }),
      );
    },
    (done, { row }) => {
      const kept = products.filter(({ id }) => row?.sess.cart?.[id] === (before[id] ?? 0) + 1);
      trials.tell("changes", ofChanges(done, kept.length));
    },
  );
}

/** Fills a tile of a trial with what comes of this, and how long it took. */
async function tryOne(trial, index, work) {
  trials.show(trial, index);
  const begun = performance.now();
  const came = await work();
  trials.show(trial, index, { ...came, ms: performance.now() - begun });
}

function signOutMeanwhile() {
  trials.tell("sign-out", "");
  return act(
    "A slow request",
    async (action) => {
      trials.reach(0);
      const slow = post(`${pathOf(slowFramework())}/api/slow-cart`, { product: "record", add: 1 }, action);
      // It is looked at below; a failure that comes sooner is not to be nobody's.
      slow.catch(() => {});
      await Promise.race([untilItRead(action), slow]);
      trials.reach(1);
      showSession(await post("/api/sign-out", {}, nameAction("Sign out meanwhile")));
      trials.reach(2);
      await slow;
      trials.reach(3);
    },
    (done, { row }) => trials.tell("sign-out", ofSignOut(done, row !== null)),
  );
}

/** Another than the one that serves this page. */
function slowFramework() {
  const own = about.doors.findIndex(({ framework }) => framework === about.framework);
  return about.doors[(own + 1) % about.doors.length].framework;
}

/** Waits until a request of this action has read its session. */
async function untilItRead(action) {
  for (;;) {
    const { actions } = await get("/api/inspect");
    if (actions.find(isOf(action))?.calls.length > 0) return;
  }
}

/** Whether it is the record of this action. */
function isOf(action) {
  return ({ id }) => action.startsWith(`${id} `);
}

/** Does one thing after the ones before it, then looks at what came of it. Says so where it fails. */
function act(label, work, conclude) {
  lastAct = lastAct.then(async () => {
    isActing = true;
    say("");
    if (trouble === RESTARTED) warn("");
    const action = nameAction(label);
    let isDone = false;
    try {
      await work(action);
      isDone = true;
    } catch (error) {
      await explain(error);
    }
    const inspected = await look();
    isActing = false;
    const done = inspected?.actions.find(isOf(action));
    if (isDone && done) conclude?.(done, inspected);
  });
  return lastAct;
}

async function explain(error) {
  if (error instanceof ServerGone) return warn(GONE);
  const hasEnded = error instanceof Refused && error.status === 401;
  if (!hasEnded) return say(error.message);
  try {
    await openSession(nameAction("Find the session ended"));
    if (trouble !== RESTARTED) say(ENDED);
  } catch {
    warn(GONE);
  }
}

async function openSession(action) {
  const session = await get("/api/session", action);
  const isAnew = about !== undefined && about.run !== session.about.run;
  if (isAnew && shown.signedIn && !session.signedIn) warn(RESTARTED);
  about = session.about;
  products = session.products;
  setText(byId("where"), `${about.framework} · table “${about.table}” · ${about.place}`);
  setText(byId("touch-interval"), String(about.touchInterval / 1000));
  setText(byId("slow-at"), slowFramework());
  setText(byId("sign-out-at"), about.framework);
  shop.setProducts(products);
  showSession(session);
}

function showSession({ signedIn, name, cart, note }) {
  shown = { signedIn, name, cart, note };
  trials.enable(signedIn);
  shop.show(shown);
}

/** The session by its row: other tabs, and other frameworks, change it too. */
function follow({ row, now }) {
  const isOver = row === null || row.until <= now;
  const { user, cart = {}, note = "" } = isOver ? {} : row.sess;
  const session = { signedIn: user !== undefined, name: user?.name ?? null, cart, note };
  if (sameAs(shown, session)) return;
  if (shown.signedIn && !session.signedIn) say(ENDED);
  else say("");
  showSession(session);
}

function sameAs(one, other) {
  const inOrder = ({ cart, ...others }) => [others, Object.entries(cart ?? {}).sort()];
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

function piecesIn(cart) {
  return Object.values(cart).reduce((sum, quantity) => sum + quantity, 0);
}

async function lookAgainAndAgain() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (!document.hidden && !isActing) await look();
  }
}

/** Shows the row and the calls as they are now, and gives them. Costs the session nothing. */
async function look() {
  try {
    const inspected = await get("/api/inspect");
    if (trouble !== RESTARTED) warn("");
    if (inspected.about.run !== about?.run) await openSession(nameAction("Open the page"));
    show(inspected);
    return inspected;
  } catch (error) {
    warn(error instanceof ServerGone ? GONE : error.message);
    return undefined;
  }
}

function show(inspected) {
  showDoors(inspected.about);
  follow(inspected);
  row.show(inspected);
  calls.show(inspected);
  byId("strip").hidden = inspected.actions.length === 0;
  setText(byId("strip"), `${summaryOf(inspected.actions[0])} · ${row.summary()}`);
}

/** Puts on top of the page what matters until it is over. */
function warn(text) {
  trouble = text;
  setText(byId("notice"), text);
  byId("notice").hidden = text === "";
  byId("live").classList.toggle("off", text === GONE);
}

/** Puts beneath the shop what came of the last action. */
function say(text) {
  setText(byId("message"), text);
}
