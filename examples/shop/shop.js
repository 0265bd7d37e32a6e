// The shop: what it sells, and what a visitor may ask of it. Plain functions, for any framework: they change nothing, and
// give what is to be put in the session.
// @ts-check
import { Refusal } from "./refusals.js";

/**
 * What a session of the shop holds.
 *
 * @typedef {object} ShopSession
 * @property {string} [user] the visitor's name, once signed in
 * @property {Record<string, number>} [cart] how many of each product
 */

export const PRODUCTS = [
  { id: "teapot", name: "Teapot", cents: 3400 },
  { id: "lamp", name: "Desk lamp", cents: 5200 },
  { id: "notebook", name: "Notebook", cents: 900 },
  { id: "record", name: "Record", cents: 2600 },
];

const LONGEST_NAME = 40;
const MOST_OF_A_PRODUCT = 99;

/**
 * The cart with one more of a product.
 *
 * @param {Readonly<Record<string, number>> | undefined} cart
 * @param {unknown} product a form's field
 */
export function withOneMore(cart, product) {
  const id = knownProduct(product);
  const quantity = (cart?.[id] ?? 0) + 1;
  if (quantity > MOST_OF_A_PRODUCT) throw new Refusal(`We sell at most ${MOST_OF_A_PRODUCT} of a product.`);
  return { ...cart, [id]: quantity };
}

/**
 * The cart without a product.
 *
 * @param {Readonly<Record<string, number>> | undefined} cart
 * @param {unknown} product a form's field
 */
export function without(cart, product) {
  const { [knownProduct(product)]: _removed, ...others } = cart ?? {};
  return others;
}

/**
 * The name that a visitor signs in with. A real application looks here whether the visitor is who they say they are, by a
 * password or otherwise: that is its own business, and no session store's.
 *
 * @param {unknown} name a form's field
 */
export function userFrom(name) {
  const trimmed = typeof name === "string" ? name.trim() : "";
  if (trimmed === "") throw new Refusal("Please give a name.");
  if (trimmed.length > LONGEST_NAME) throw new Refusal(`A name has at most ${LONGEST_NAME} characters.`);
  return trimmed;
}

/** @param {unknown} product */
function knownProduct(product) {
  const known = PRODUCTS.find(({ id }) => id === product);
  if (known === undefined) throw new Refusal("We do not sell that.");
  return known.id;
}
