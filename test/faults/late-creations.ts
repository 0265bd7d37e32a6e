// Sessions that a creation has made once more after they were destroyed: an attempt that everybody had given up arrived
// late. Nothing promises against that, as CONTRIBUTING says of the simulation: they are judged no further, and counted.

export class LateCreations {
  /** Their ids. */
  readonly ids = new Set<string>();
  readonly #destroyed = new Set<string>();
  /** The creations that were sent when nobody had destroyed their session yet: no others are looked away from. */
  readonly #inTime = new WeakSet<object>();
  readonly #callsInTime = new Set<string>();
  readonly #made = new Set<string>();

  /**
   * A request has come, with this body, and is yet to be carried out.
   *
   * @param call the same for all attempts: where one came in time, the command was sent in time, and another that was given
   *   up may come at any moment.
   */
  arrives(body: unknown, call: string): void {
    if (!isCreation(body)) return;
    if (!this.#destroyed.has(idIn(body))) this.#callsInTime.add(call);
    if (this.#callsInTime.has(call)) this.#inTime.add(Object(body));
  }

  /** A request has been carried out. */
  see(action: string, body: unknown): void {
    const id = idIn(body);
    if (action === "DeleteItem") this.#destroyed.add(id);
    if (!this.#inTime.has(Object(body))) return;
    // Two of one session were carried out: it was destroyed in between, whichever answer comes first.
    if (this.#destroyed.has(id) || this.#made.has(id)) this.ids.add(id);
    this.#made.add(id);
  }
}

/** Whether an `UpdateItem` makes a row, and writes over none. */
export function isCreation(body: unknown): boolean {
  return Object(body).ConditionExpression === "attribute_not_exists(#sess)";
}

function idIn(body: unknown): string {
  return String(Object(body).Key?.pk?.S).replace("session-store#", "");
}
