// Random characters for generations and write ids, from Web Crypto, which every supported runtime has.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A random string of `length` characters, six bits each, of the base64url alphabet. */
export function randomId(length: number): string {
  let id = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(length))) id += ALPHABET[byte & 63];
  return id;
}

/** A random fraction in [0, 1) from the same source, so that whoever seeds the ids has seeded the jitter too. */
export function randomFraction(random: (length: number) => string): number {
  let fraction = 0;
  for (const character of random(2)) fraction = (fraction + ALPHABET.indexOf(character)) / ALPHABET.length;
  return Math.max(0, fraction);
}
