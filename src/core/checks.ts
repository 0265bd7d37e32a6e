// The checking of options by a table of names: what a door's own options go through as well as those that all
// share.
import { SessionStoreError } from "./errors.js";

/** Whether a value can be meant, and what to say was expected of one that cannot. */
export type Check = readonly [isValid: (value: unknown) => boolean, expected: string];

export const A_FUNCTION: Check = [(value) => typeof value === "function", "a function"];
export const TRUE_OR_FALSE: Check = [(value) => typeof value === "boolean", "true or false"];

/**
 * Checks options by name: one that is not listed is refused, so that a misspelt one does not silently mean
 * its default.
 *
 * @param prefix put before the names in messages: `table.`
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option and what was given.
 */
export function checkEach(
  given: object,
  checks: Readonly<Record<string, Check>>,
  prefix: string,
  required: readonly string[] = [],
): void {
  const names = Object.keys(checks).join(", ");
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(checks, name)) refuseOption(`${prefix}${name}: no such option; there are ${names}`);
  }
  for (const [name, [isValid, expected]] of Object.entries(checks)) {
    const value: unknown = Reflect.get(given, name);
    const isLeftOut = value === undefined && !required.includes(name);
    if (!isLeftOut && !isValid(value)) refuseOption(`${prefix}${name}: expected ${expected}`, value);
  }
}

/**
 * Refuses an option.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, with the message and what kind of value was given.
 */
export function refuseOption(message: string, ...given: [unknown?]): never {
  const got = given.length === 0 ? "" : `, got ${describe(given[0])}`;
  throw new SessionStoreError("ERR_SESSION_OPTIONS", message + got);
}

/**
 * How a bad value is shown in a message: never the contents of an object, which may hold credentials or data.
 */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string")
    return value.length > 60 ? `a string of ${value.length}` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  return `a ${typeof value}`;
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
