// Sealing: session data encrypted and authenticated in its row, so that who reads the table learns nothing of
// it, and who writes to the table cannot make the store believe it. AES-256-GCM by Web Crypto.
import {
  type Check,
  type CodecRow,
  checkEach,
  isObject,
  joined,
  refuseOption,
  type SessionCodec,
  TRUE_OR_FALSE,
} from "../core/doors.js";

/** The options of {@link seal}. */
export interface SealOptions {
  /**
   * Keys of 32 random bytes each: bytes, or their base64 (or base64url) text, as of
   * `openssl rand -base64 32`. The first seals, all open: put a new one before the old, which is needed as
   * long as sessions live that it sealed.
   */
  keys: readonly (Uint8Array | string)[];
  /** Whether rows are read that are not sealed, as those from before. Default `false`. */
  acceptPlain?: boolean | undefined;
}

const TAG = 2;
const KEY_BYTES = 32;
// NIST SP 800-38D, 8.2: what a nonce of chance has.
const NONCE_BYTES = 12;
const AUTHENTICATION_BYTES = 16;
/** Part of every derived key and of what is authenticated: another way to seal is to have another. */
const CONTEXT = "@cyclic.sh/session-store seal 1";
const FROM_ENVIRONMENT = "(is the environment variable set that it comes from?)";
const BASE64_KEY = /^[\w+/-]{43}=?$/;

const CHECKS: Record<Exclude<keyof SealOptions, "keys">, Check> = { acceptPlain: TRUE_OR_FALSE };

/**
 * A codec that encrypts session data, and binds it to its row: AES-256-GCM under a key derived from yours
 * (HKDF-SHA-256), with a fresh nonce for every write, and the row's key and `gen` as associated data, so that
 * what is copied to another row, or to a session created anew under the same id, does not open. An older copy
 * of the same row does. Adds 31 bytes.
 *
 * A row that does not open is `ERR_SESSION_CORRUPT`, and left as it is; once it has expired it is not found,
 * so that a key may go when the last session ends that it sealed. A touch seals nothing anew. Keys, dates,
 * `rev` and sizes stay readable: see docs/security.md. One key is for less than 2^32 writes (NIST SP 800-38D,
 * 8.3): change it before, at a hundred writes a second once a year. Keys are derived when the first row needs
 * them: make the codec once, not for every request.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option, and nothing of a key.
 * @example
 * new CyclicSessionStore({
 *   table: { name: "sessions" },
 *   codec: seal({ keys: [process.env.SESSION_KEY ?? ""] }),
 * });
 */
export function seal(options: SealOptions): SessionCodec {
  // Of what was given in the place of keys nothing is shown: it may be one.
  if (!isObject(options)) refuseOption("codec: seal: expected an object with at least { keys }");
  const { keys: given, ...others } = options;
  const keys = new SealingKeys(keysOf(given));
  checkEach(others, CHECKS, "codec: seal: ");
  return {
    name: "seal",
    tag: TAG,
    addedBytes: NONCE_BYTES + AUTHENTICATION_BYTES,
    refusesOthers: options.acceptPlain
      ? undefined
      : "it is not sealed; rows from before are read with acceptPlain: true of seal()",
    whenUnreadable:
      "the key that sealed it is not among the keys of seal(), or it was altered, or copied from another row",
    async encode(bytes, row) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const [key] = await keys.derived();
      const sealed = await crypto.subtle.encrypt(algorithmOf(iv, row), key, new Uint8Array(bytes));
      return joined([iv, new Uint8Array(sealed)]);
    },
    async decode(bytes, row) {
      const algorithm = algorithmOf(new Uint8Array(bytes.subarray(0, NONCE_BYTES)), row);
      const sealed = new Uint8Array(bytes.subarray(NONCE_BYTES));
      let refused: unknown;
      for (const key of await keys.derived()) {
        try {
          return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
        } catch (error) {
          refused = error;
        }
      }
      throw refused;
    },
  };
}

type Keys = readonly [CryptoKey, ...CryptoKey[]];

/** The keys, derived when the first row needs them. */
class SealingKeys {
  readonly #given: readonly Uint8Array<ArrayBuffer>[];
  // Never the promise: on workerd a request waits for no other's.
  #derived: Keys | undefined;

  constructor(given: readonly Uint8Array<ArrayBuffer>[]) {
    this.#given = given;
  }

  async derived(): Promise<Keys> {
    if (this.#derived) return this.#derived;
    const [first, ...others] = await Promise.all(this.#given.map(derive));
    if (first === undefined) throw new Error("there is no key");
    this.#derived = [first, ...others];
    return this.#derived;
  }
}

async function derive(given: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey("raw", given, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf(CONTEXT) };
  const algorithm = { name: "AES-GCM", length: 8 * KEY_BYTES };
  return crypto.subtle.deriveKey(derivation, from, algorithm, false, ["encrypt", "decrypt"]);
}

/** Copies of the keys, whose owner may overwrite them. */
function keysOf(given: unknown): Uint8Array<ArrayBuffer>[] {
  if (!Array.isArray(given) || given.length === 0)
    refuseOption(`codec: seal: keys: expected a list of at least one key ${FROM_ENVIRONMENT}`);
  const keys = given.map(keyOf);
  const texts = keys.map(String);
  for (const [i, text] of texts.entries())
    if (texts.indexOf(text) < i) refuseOption(`codec: seal: keys[${i}]: is the same as another`);
  return keys;
}

function keyOf(given: unknown, i: number): Uint8Array<ArrayBuffer> {
  const bytes = typeof given === "string" && BASE64_KEY.test(given) ? fromBase64(given) : given;
  if (bytes instanceof Uint8Array && bytes.length === KEY_BYTES) return new Uint8Array(bytes);
  const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : `a value of type ${typeof given}`;
  return refuseOption(
    `codec: seal: keys[${i}]: expected ${KEY_BYTES} bytes, or their base64 text, as of openssl rand -base64 ${KEY_BYTES} ${FROM_ENVIRONMENT}; got ${found}`,
  );
}

function fromBase64(text: string): Uint8Array {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0));
}

/**
 * What a row is sealed by besides the key: which row it is, and what the sealed data had gone through, which
 * stands unsealed before it. As JSON, so that no two of them say the same.
 */
function algorithmOf(iv: Uint8Array<ArrayBuffer>, { key, gen, tags }: CodecRow): AesGcmParams {
  const additionalData = bytesOf(JSON.stringify([CONTEXT, tags, key, gen]));
  return { name: "AES-GCM", iv, additionalData, tagLength: 8 * AUTHENTICATION_BYTES };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
