// Compression, by the streams of the web platform: only where the row then costs less, and inflated no
// further than a bound.
import { type Check, checkEach, joined, refuseOption, type SessionCodec, tooLarge } from "../core/doors.js";
import { through } from "./through.js";

/** The options of {@link compress}. */
export interface CompressOptions {
  /**
   * How many bytes of JSON text a row may come to when it is read, so that a malicious row cannot fill the
   * memory. Data of more is refused when it is saved. Default 4 194 304 (4 MiB): ten times what DynamoDB
   * holds in a row.
   */
  maxBytes?: number | undefined;
}

const TAG = 1;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
// DynamoDB bills a write by these:
// docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
const WRITE_UNIT_BYTES = 1024;
/** Before what was deflated stand the first bytes of its SHA-256. */
const CHECKSUM_BYTES = 4;
/**
 * Some runtimes inflate all that they are given at once, a byte to at most 1 032: this, to at most 16 MiB.
 */
const PIECE_BYTES = 16 * 1024;

const CHECKS: Record<keyof CompressOptions, Check> = {
  maxBytes: [
    (value) => typeof value === "number" && Number.isInteger(value) && value >= WRITE_UNIT_BYTES,
    "a whole number of bytes, 1 024 or more",
  ],
};

/**
 * A codec that compresses session data (deflate) where the row then costs a write unit less, and leaves it as
 * it is otherwise. Rows of either kind are read, so that it can be given at any time; one that is taken away
 * leaves rows that cannot be read. Before `seal`: what is sealed cannot be compressed. Whoever can put text
 * into a session that holds a secret, and sees the row's size, can guess at the secret: leave it out there
 * (docs/security.md).
 *
 * A save of more than `maxBytes` is refused with `ERR_SESSION_TOO_LARGE`; a row that would become more, or
 * that is cut or altered, is `ERR_SESSION_CORRUPT`. Needs `CompressionStream` with `deflate-raw`: Node 20.12,
 * Deno 1.23, Bun 1.3.3, workerd at any compatibility date since 2022-03-21.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 * @example
 * new CyclicSessionStore({ table: { name: "sessions" }, codec: compress() });
 */
export function compress(options: CompressOptions = {}): SessionCodec {
  if (Object(options) !== options) refuseOption("codec: compress: expected an object of options", options);
  checkEach(options, CHECKS, "codec: compress: ");
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  return {
    name: "compress",
    tag: TAG,
    whenUnreadable: `it is cut or altered, or inflates to more than ${maxBytes} bytes (option maxBytes)`,
    async encode(bytes, { otherBytes }) {
      // What could not be read again is not written.
      if (bytes.length > maxBytes)
        throw tooLarge(`would hold data of ${bytes.length} bytes, more than maxBytes of compress()`);
      // What is left as it is does not bear the tag.
      const units = Math.ceil((otherBytes - 1 + bytes.length) / WRITE_UNIT_BYTES);
      const most = (units - 1) * WRITE_UNIT_BYTES - otherBytes - CHECKSUM_BYTES;
      if (most <= 0) return undefined;
      const deflated = await through(new CompressionStream("deflate-raw"), bytes, most);
      return deflated && withChecksum(deflated);
    },
    async decode(bytes) {
      // By itself, Node inflates what is followed by anything up to 22, and Deno what is cut.
      const deflated = bytes.subarray(CHECKSUM_BYTES);
      if (!isSame(await withChecksum(deflated), bytes)) throw new Error("not what was deflated");
      const inflated = await through(new DecompressionStream("deflate-raw"), deflated, maxBytes, PIECE_BYTES);
      if (inflated) return inflated;
      throw new RangeError("more than maxBytes");
    },
  };
}

async function withChecksum(deflated: Uint8Array): Promise<Uint8Array> {
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(deflated));
  return joined([new Uint8Array(hash, 0, CHECKSUM_BYTES), deflated]);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
