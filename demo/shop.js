// The shop: what it sells, and what a visitor may say to it. Plain functions over a session's data, for any framework:
// they change nothing, and give what the framework is to put in the session.
import { Refusal } from "./answers.js";

export const PRODUCTS = [
  { id: "teapot", name: "Teapot", cents: 3400 },
  { id: "notebook", name: "Notebook", cents: 900 },
  { id: "lamp", name: "Desk lamp", cents: 5200 },
  { id: "candle", name: "Candle", cents: 1200 },
  { id: "plant", name: "Pot plant", cents: 1800 },
  { id: "record", name: "Record", cents: 2600 },
];

const MAX_NAME_LENGTH = 40;
const MAX_NOTE_LENGTH = 3000;
const MAX_QUANTITY = 99;
const WIDGETS = ["Greeting", "Cart", "Total", "Delivery", "Note", "For you"];

/** @typedef {{ user?: { name: string }, cart?: Record<string, number>, note?: string }} ShopSession */

/**
 * @param {unknown} body
 * @returns {string}
 */
export function readName(body) {
  const name = body?.name;
  if (typeof name !== "string") throw new Refusal(400, "Please give a name.");
  const trimmed = name.normalize().trim();
  if (trimmed === "") throw new Refusal(400, "Please give a name.");
  if (trimmed.length > MAX_NAME_LENGTH) {
    throw new Refusal(400, `A name may have at most ${MAX_NAME_LENGTH} characters.`);
  }
  if (!trimmed.isWellFormed() || /\p{Cc}/u.test(trimmed))
    throw new Refusal(400, "A name is letters and spaces.");
  return trimmed;
}

/**
 * The cart with products put in, or taken out; nothing stays at quantity 0.
 *
 * @param {ShopSession} session
 * @param {unknown} body
 */
export function cartAfter(session, body) {
  wantUser(session);
  const { product, add } = body ?? {};
  if (!PRODUCTS.some(({ id }) => id === product)) throw new Refusal(400, "The shop has no such product.");
  if (!Number.isInteger(add) || add === 0 || Math.abs(add) > MAX_QUANTITY) {
    throw new Refusal(400, `"add" is a whole number from -${MAX_QUANTITY} to ${MAX_QUANTITY}, and not 0.`);
  }
  const quantity = (session.cart?.[product] ?? 0) + add;
  if (quantity > MAX_QUANTITY) throw new Refusal(400, `The shop sells at most ${MAX_QUANTITY} of a product.`);
  const { [product]: _before, ...others } = session.cart ?? {};
  return quantity > 0 ? { ...others, [product]: quantity } : others;
}

/**
 * The note that a visitor sent.
 *
 * @param {ShopSession} session
 * @param {unknown} body
 */
export function noteAfter(session, body) {
  wantUser(session);
  const note = body?.note;
  if (typeof note !== "string" || !note.isWellFormed())
    throw new Refusal(400, "Please send the note as text.");
  if (note.length > MAX_NOTE_LENGTH) {
    throw new Refusal(400, `A note may have at most ${MAX_NOTE_LENGTH} characters.`);
  }
  return note;
}

/**
 * What the page shows of a session.
 *
 * @param {ShopSession} session
 */
export function viewOf(session) {
  return {
    signedIn: session.user !== undefined,
    name: session.user?.name ?? null,
    cart: session.cart ?? {},
    note: session.note ?? "",
  };
}

/**
 * A part of a page that asks for the session by itself, and only reads it.
 *
 * @param {ShopSession} session
 * @param {string} number from 1
 */
export function widgetOf(session, number) {
  wantUser(session);
  const title = /^\d$/.test(number) ? WIDGETS[Number(number) - 1] : undefined;
  if (title === undefined) throw new Refusal(400, `There are widgets 1 to ${WIDGETS.length}.`);
  return { title, cart: session.cart ?? {} };
}

/** @param {ShopSession} session */
function wantUser(session) {
  if (session.user === undefined) throw new Refusal(401, "You are not signed in.");
}
