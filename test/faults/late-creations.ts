// Sessions that a creation has made once more after they were destroyed: an attempt that everybody had given up arrived
// late. Nothing promises against that, as CONTRIBUTING says of the simulation: they are judged no further, and counted.

export class LateCreations {
  /** Their ids. */
  readonly ids = new Set<string>();
  readonly #destroyed = new Set<string>();
  /** The creations that came when nobody had destroyed their session yet: one that comes later is none to look away from. */
  readonly #inTime = new WeakSet<object>();

  /** A request has come, with this body, and is yet to be carried out. */
  arrives(body: unknown): void {
    if (isCreation(body) && !this.#destroyed.has(idIn(body))) this.#inTime.add(Object(body));
  }

  /** A request has been carried out. */
  see(action: string, body: unknown): void {
    const id = idIn(body);
    if (action === "DeleteItem") this.#destroyed.add(id);
    if (this.#inTime.has(Object(body)) && this.#destroyed.has(id)) this.ids.add(id);
  }
}

/** Whether an `UpdateItem` makes a row, and writes over none. */
export function isCreation(body: unknown): boolean {
  return Object(body).ConditionExpression === "attribute_not_exists(#sess)";
}

function idIn(body: unknown): string {
  return String(Object(body).Key?.pk?.S).replace("session-store#", "");
}
