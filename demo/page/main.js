// Ties the page together: what the user does goes to the server, one thing after another, and the row and the calls
// are looked at after each and once a second.
import { get, nameAction, post, Refused, ServerGone } from "./api.js";
import { createCallsPanel, summaryOf } from "./calls.js";
import { showDoors } from "./doors.js";
import { byId, setText } from "./elements.js";
import { createRowPanel } from "./row.js";
import { createShop } from "./shop.js";

const LOOK_EVERY_MS = 1000;
const GONE =
  "The demo's server does not answer. Start it with npm run demo; this page then goes on by itself.";
const RESTARTED =
  "The demo's server was started anew, and signs its cookies with a new secret: please sign in again.";
const ENDED = "Your session has ended: it expired, or was signed out elsewhere. Please sign in again.";

const row = createRowPanel();
const calls = createCallsPanel();
const shop = createShop({ signIn, signOut, changeCart, saveNote, loadWidgets });

/** Which start of the server the page talks to; undefined before the first answer. */
let run;
let isSignedIn = false;
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

function loadWidgets() {
  return act("Six requests at once", async (action) => {
    const numbers = Array.from({ length: shop.widgets }, (_, index) => index + 1);
    try {
      await Promise.all(numbers.map((number) => loadWidget(number, action)));
    } catch (error) {
      shop.clearWidgets();
      throw error;
    }
  });
}

async function loadWidget(number, action) {
  shop.showWidget(number);
  const begun = performance.now();
  const loaded = await get(`/api/widgets/${number}`, action);
  shop.showWidget(number, { ...loaded, ms: performance.now() - begun });
}

/** Does one thing after the ones before it, then looks at what came of it. Says so where it fails. */
function act(label, work) {
  lastAct = lastAct.then(async () => {
    isActing = true;
    say("");
    if (trouble === RESTARTED) warn("");
    try {
      await work(nameAction(label));
    } catch (error) {
      await explain(error);
    }
    isActing = false;
    await look();
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
  const { about } = session;
  const isAnew = run !== undefined && run !== about.run;
  if (isAnew && isSignedIn && !session.signedIn) warn(RESTARTED);
  run = about.run;
  setText(byId("where"), `table “${about.table}” · ${about.place}`);
  setText(byId("touch-interval"), String(about.touchInterval / 1000));
  shop.setProducts(session.products);
  showSession(session);
}

function showSession(session) {
  isSignedIn = session.signedIn;
  shop.show(session);
}

async function lookAgainAndAgain() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (!document.hidden && !isActing) await look();
  }
}

/** Shows the row and the calls as they are now. Costs the session nothing. */
async function look() {
  try {
    const inspected = await get("/api/inspect");
    if (trouble !== RESTARTED) warn("");
    if (inspected.about.run !== run) await openSession(nameAction("Open the page"));
    show(inspected);
  } catch (error) {
    warn(error instanceof ServerGone ? GONE : error.message);
  }
}

function show(inspected) {
  showDoors(inspected.about);
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
