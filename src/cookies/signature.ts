// Signatures by HMAC, as the frameworks of Node put them into cookies, made by what every runtime has.
import { refuseOption } from "../core/doors.js";

type Hash = "SHA-1" | "SHA-256";
type Alphabet = "base64" | "base64url";

/** Signs with the first of several secrets, and knows what any of them signed. */
export class Signer {
  readonly #hash: Hash;
  readonly #alphabet: Alphabet;
  readonly #secrets: readonly [string, ...string[]];
  /** Made with the first signature: an application may be made where nothing may be waited for. */
  #keys: Promise<Keys> | undefined;

  /**
   * @param secrets at least one, as the application has them: how long one must be is not this signer's to say.
   * @param option what the messages name.
   * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
   */
  constructor(hash: Hash, alphabet: Alphabet, secrets: unknown, option: string) {
    this.#hash = hash;
    this.#alphabet = alphabet;
    this.#secrets = checkSecrets(secrets, option);
  }

  /** The signature, without padding. */
  async sign(text: string): Promise<string> {
    const [first] = await this.#imported();
    return this.#signatureBy(first, text);
  }

  /** Which of the secrets, from 0, signed a text so; `undefined` where none did. */
  async signedBy(text: string, signature: string): Promise<number | undefined> {
    for (const [i, key] of (await this.#imported()).entries()) {
      if (isSame(await this.#signatureBy(key, text), signature)) return i;
    }
    return undefined;
  }

  async #signatureBy(key: CryptoKey, text: string): Promise<string> {
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytesOf(text)));
    const base64 = btoa(String.fromCharCode(...signature)).replace(/=+$/, "");
    return this.#alphabet === "base64" ? base64 : base64.replaceAll("/", "_").replaceAll("+", "-");
  }

  #imported(): Promise<Keys> {
    const [first, ...older] = this.#secrets;
    const imported = (secret: string) => keyOf(secret, this.#hash);
    this.#keys ??= Promise.all([imported(first), ...older.map(imported)]);
    return this.#keys;
  }
}

type Keys = readonly [CryptoKey, ...CryptoKey[]];

function checkSecrets(secrets: unknown, option: string): readonly [string, ...string[]] {
  const [first, ...older]: unknown[] = [secrets].flat();
  if (isText(first) && older.every(isText)) return [first, ...older];
  // Not even the length of what was given: it may be the secret.
  return refuseOption(
    `${option}: expected a string that is not empty, or a list of them of which the first signs (is the environment variable set that it comes from?)`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function keyOf(secret: string, hash: Hash): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytesOf(secret), { name: "HMAC", hash }, false, ["sign"]);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** In a time that does not tell how much of the two is the same. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}
