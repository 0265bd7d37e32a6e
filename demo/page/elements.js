// Making and finding elements. Text goes in as text, never as markup.

/** @param {string} id */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * An element with properties, attributes where the name has a dash, and children.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string)} children
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, String(value));
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** A drawing of those at the end of the page. */
export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Sets an element's text; one that changed is marked for a moment, where asked for. */
export function setText(target, text, { mark = false } = {}) {
  if (target.textContent === text) return;
  const isFirst = target.textContent === "";
  target.textContent = text;
  if (mark && !isFirst) flash(target);
}

export function flash(target) {
  target.classList.remove("changed");
  // Read, so that the animation begins anew.
  void target.offsetWidth;
  target.classList.add("changed");
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}
