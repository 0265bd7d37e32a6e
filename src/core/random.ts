// Random characters for ids, generations and write ids, from Web Crypto, which every supported runtime has.
import { toBase64Url } from "./bytes.js";

/** A random string of `length` characters, six bits each, of the base64url alphabet. */
export function randomId(length: number): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(length))).slice(0, length);
}

/**
 * A random fraction in [0, 1) from the same source, so that whoever seeds the ids has seeded the jitter too.
 */
export function randomFraction(random: (length: number) => string): number {
  // Characters are not spread evenly; the hundredths of the sum of several are, as near as jitter needs.
  let sum = 0;
  for (const character of random(8)) sum += character.charCodeAt(0);
  return (sum % 100) / 100;
}
