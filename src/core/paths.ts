// How a place within session data is named in messages: by names of fields, shortened, never by their values.

/** `cart.items.2` */
export function nameOfPath(path: readonly string[]): string {
  const shown = path.slice(0, 8).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return shown.join(".") + (path.length > 8 ? ".…" : "");
}

/** The same in quotation marks. */
export function showPath(path: readonly string[]): string {
  return JSON.stringify(nameOfPath(path));
}
