// A visitor's account: its page, and what a visitor may change of it. Plain functions, for either framework.
// @ts-check
import { html } from "../shop/html.js";
import { documentOf } from "../shop/page.js";

/**
 * What a session holds of its visitor, beside the cart.
 *
 * @typedef {import("../shop/shop.js").ShopSession & { address?: Record<string, string> }} AccountSession
 */

const LINES = ["street", "city"];
const LONGEST_LINE = 80;

/**
 * The address with the lines that a form brings.
 *
 * @param {Readonly<Record<string, string>> | undefined} address
 * @param {Readonly<Record<string, unknown>> | undefined} form
 */
export function withLines(address, form) {
  const given = LINES.filter((line) => typeof form?.[line] === "string");
  return {
    ...address,
    ...Object.fromEntries(given.map((line) => [line, String(form?.[line]).trim().slice(0, LONGEST_LINE)])),
  };
}

/**
 * The account as its visitor sees it.
 *
 * @param {string} place what serves it, such as "Express"
 * @param {Readonly<AccountSession>} session
 */
export function accountPage(place, { user, address = {} }) {
  return documentOf(
    `Your account on ${place}`,
    html`
      <h2>${user}</h2>
      <form method="post" action="/account">${LINES.map(
        (line) => html`
        <label for="${line}">${line}</label>
        <input id="${line}" name="${line}" maxlength="${LONGEST_LINE}" value="${address[line] ?? ""}">`,
      )}
        <button>Save</button>
      </form>
      <p><a href="/">Back to the shop</a></p>`,
  );
}
