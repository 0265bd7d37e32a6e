// The shop's pages, from what a session holds. They are plain forms: no script runs in them.
// @ts-check
import { Html, html } from "./html.js";
import { PRODUCTS } from "./shop.js";

/** Sent with every page: it is this visitor's alone, and loads and runs nothing. */
export const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "content-type": "text/html; charset=utf-8",
};

/**
 * The shop as a visitor sees it.
 *
 * @param {string} place what serves it, such as "Express"
 * @param {Readonly<import("./shop.js").ShopSession>} session
 */
export function shopPage(place, { user, cart = {} }) {
  const bought = PRODUCTS.map((product) => ({ ...product, quantity: cart[product.id] ?? 0 })).filter(
    ({ quantity }) => quantity > 0,
  );
  const total = bought.reduce((sum, { cents, quantity }) => sum + cents * quantity, 0);
  return documentOf(
    `The shop on ${place}`,
    html`
      <section aria-labelledby="visitor">
        <h2 id="visitor">${user === undefined ? "Welcome" : `Hello, ${user}`}</h2>
        ${user === undefined ? SIGN_IN : SIGN_OUT}
      </section>
      <section aria-labelledby="goods">
        <h2 id="goods">Goods</h2>
        <ul>${PRODUCTS.map(
          (product) => html`
          <li>
            <span>${product.name}</span> <span>${price(product.cents)}</span>
            ${button("Add", "/cart/add", product)}
          </li>`,
        )}
        </ul>
      </section>
      <section aria-labelledby="cart">
        <h2 id="cart">Your cart</h2>
        <ul>${bought.map(
          (product) => html`
          <li>
            <span>${product.quantity} × ${product.name}</span> <span>${price(product.cents * product.quantity)}</span>
            ${button("Remove", "/cart/remove", product)}
          </li>`,
        )}
        </ul>
        <p>${bought.length === 0 ? "It is empty." : `Together ${price(total)}`}</p>
      </section>`,
  );
}

/** @param {string} message what the visitor is told */
export function messagePage(message) {
  return documentOf(
    "The shop",
    html`
      <p role="alert">${message}</p>
      <p><a href="/">Back to the shop</a></p>`,
  );
}

const SIGN_IN = html`<form method="post" action="/sign-in">
          <label for="name">Your name</label>
          <input id="name" name="name" required maxlength="40" autocomplete="nickname">
          <button>Sign in</button>
        </form>`;

const SIGN_OUT = html`<form method="post" action="/sign-out">
          <button>Sign out</button>
        </form>`;

/**
 * @param {string} verb
 * @param {string} action
 * @param {{ id: string, name: string }} product
 */
function button(verb, action, { id, name }) {
  return html`<form method="post" action="${action}">
              <input type="hidden" name="product" value="${id}">
              <button aria-label="${verb} ${name}">${verb}</button>
            </form>`;
}

/** @param {number} cents */
function price(cents) {
  return `€ ${(cents / 100).toFixed(2)}`;
}

const STYLE = new Html(`
      :root { color-scheme: light dark; --line: light-dark(#8a8a84, #7c7c76); --accent: light-dark(#0b57a4, #8ec2ff) }
      body { max-width: 34rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif }
      h1 { font-size: 1.6rem }
      h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere }
      ul { list-style: none; margin: 0; padding: 0 }
      li { display: flex; gap: 0.75rem; align-items: center; padding: 0.4rem 0; border-bottom: 1px solid var(--line) }
      li > :first-child { flex: 1 }
      form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center }
      input, button { font: inherit; padding: 0.45rem 0.8rem; border: 1px solid var(--line); border-radius: 0.4rem }
      input { flex: 1 1 10rem; min-width: 0 }
      button { min-width: 6rem; border-color: var(--accent); background: none; color: var(--accent); cursor: pointer }
      a { color: var(--accent) }
      :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
    `);

/**
 * A page of the shop.
 *
 * @param {string} title
 * @param {Html} body
 */
export function documentOf(title, body) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>${title}</h1>
    <main>${body}
    </main>
  </body>
</html>
`.text;
}
