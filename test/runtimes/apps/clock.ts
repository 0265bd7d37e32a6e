// The clock of an application's process, which the suite sets: `Date`, for the frameworks read it themselves.

const RealDate = Date;

/** From now on it is this moment, until another is set. */
export function setClock(now: number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now] : given, newTarget),
    apply: () => new RealDate(now).toString(),
    get: (target, name) => (name === "now" ? () => now : Reflect.get(target, name)),
  });
}
