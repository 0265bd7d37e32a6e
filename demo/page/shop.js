// The left side: the shop as the session has it. What is clicked is told to the one who made it.
import { byId, element, icon, plural, setText } from "./elements.js";

const price = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/**
 * @param {object} on
 * @param {(name: string) => void} on.signIn
 * @param {() => void} on.signOut
 * @param {(product: { id: string, name: string }, add: number) => void} on.changeCart
 * @param {(note: string) => void} on.saveNote
 */
export function createShop(on) {
  let products = [];
  let isSignedIn;

  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    on.signIn(byId("name").value);
  });
  for (const chip of document.querySelectorAll("[data-name]")) {
    chip.addEventListener("click", () => on.signIn(chip.dataset.name));
  }
  byId("note-form").addEventListener("submit", (event) => {
    event.preventDefault();
    on.saveNote(byId("note").value);
  });
  byId("sign-out").addEventListener("click", () => on.signOut());
  function setProducts(given) {
    products = given;
    byId("products").replaceChildren(...products.map(productTile));
  }

  function productTile(product) {
    const button = element("button", { type: "button", "aria-label": `Put ${product.name} in the cart` });
    button.append(
      icon(product.id),
      element("span", { className: "product-name", textContent: product.name }),
      element("span", { className: "product-price", textContent: price.format(product.cents / 100) }),
    );
    button.addEventListener("click", () => on.changeCart(product, 1));
    return element("li", {}, button);
  }

  /** Shows the session as it is. */
  function show(session) {
    const isChange = isSignedIn !== undefined && isSignedIn !== session.signedIn;
    isSignedIn = session.signedIn;
    byId("sign-in").hidden = isSignedIn;
    byId("inside").hidden = !isSignedIn;
    byId("user").hidden = !isSignedIn;
    setText(byId("user-name"), isSignedIn ? session.name : "");
    showCart(session.cart);
    if (document.activeElement !== byId("note") || isChange) byId("note").value = session.note;
    if (isChange) {
      // What had the focus is gone: it goes to where one would begin.
      const start = isSignedIn ? byId("products").querySelector("button") : byId("name");
      if (isFocusLost()) start.focus({ preventScroll: true });
    }
  }

  function showCart(cart) {
    const lines = products.filter(({ id }) => cart[id] > 0);
    const focused = document.activeElement?.dataset.key;
    byId("cart-empty").hidden = lines.length > 0;
    byId("cart").replaceChildren(...lines.map((product) => cartLine(product, cart[product.id])));
    // The lines were made anew; whoever is counting up by keyboard goes on doing so.
    if (focused) (byId("cart").querySelector(`[data-key="${focused}"]`) ?? byId("note")).focus();
    const cents = lines.reduce((sum, product) => sum + product.cents * cart[product.id], 0);
    const pieces = lines.reduce((sum, product) => sum + cart[product.id], 0);
    byId("cart-total").hidden = lines.length === 0;
    setText(byId("cart-total"), `${plural(pieces, "piece")}, ${price.format(cents / 100)}`);
  }

  function cartLine(product, quantity) {
    const step = (add, sign, what) => {
      const button = element("button", {
        type: "button",
        className: "step",
        textContent: sign,
        "aria-label": what,
      });
      button.dataset.key = `${product.id}${sign}`;
      button.addEventListener("click", () => on.changeCart(product, add));
      return button;
    };
    return element(
      "li",
      { className: "cart-line" },
      icon(product.id),
      element("span", { className: "cart-name", textContent: product.name }),
      step(-1, "−", `One ${product.name} less`),
      element("output", { textContent: String(quantity) }),
      step(1, "+", `One ${product.name} more`),
    );
  }

  return { setProducts, show };
}

/** Whether what had the focus is not there any more, or cannot be used. */
function isFocusLost() {
  const { activeElement } = document;
  return activeElement === document.body || activeElement.disabled || !activeElement.checkVisibility();
}
