// The seam for what turns session data into other bytes before they are stored: compressed, sealed, or a
// caller's own. The core knows what a codec is and how its bytes are framed; no cipher and no compressor.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { joined } from "./bytes.js";
import { SessionStoreError } from "./errors.js";

/** What a codec is told of the row that it works for. */
export interface CodecRow {
  /** The row's key, as it stands in the table. */
  readonly key: string;
  /**
   * Eight random characters given at creation, the row's attribute `gen`: a session created anew has others.
   */
  readonly gen: string;
  /** The tags of the codecs that had encoded the data before this one, in their order. */
  readonly tags: readonly number[];
  /**
   * How many bytes the row has besides what `encode` gives: DynamoDB bills a write by the 1 024 bytes of the
   * whole row.
   */
  readonly otherBytes: number;
}

/** One step between the JSON text of session data, in UTF-8, and the bytes that are stored. */
export interface SessionCodec {
  /** What errors call it. */
  readonly name: string;
  /**
   * By this byte a row says who encoded it: 32 to 255, another for each codec, and never another again; 1 to
   * 31 are this package's own.
   */
  readonly tag: number;
  /** How many bytes `encode` adds to what it is given, where that is known. Default 0. */
  readonly addedBytes?: number | undefined;
  /**
   * Why a row is not read that this codec did not encode, and what to do; `undefined` where such rows are
   * read. Stands in the message of `ERR_SESSION_CORRUPT`.
   */
  readonly refusesOthers?: string | undefined;
  /**
   * What may have happened, and what to do, where `decode` fails. Stands in the message of
   * `ERR_SESSION_CORRUPT`.
   */
  readonly whenUnreadable?: string | undefined;
  /**
   * The bytes to store, or `undefined` to leave these as they are: then the row does not bear the codec's
   * tag.
   */
  encode(bytes: Uint8Array, row: CodecRow): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** What `encode` was given. What it throws is told to nobody, for it may quote the data. */
  decode(bytes: Uint8Array, row: CodecRow): Promise<Uint8Array> | Uint8Array;
}

/** The row that data is encoded for, or was. */
type Row = Omit<CodecRow, "tags">;

// How encoded data is framed: this version, the tags in the order of encoding, a zero, and what the last
// codec gave.
const VERSION = 1;

/** The codecs of one store: what the option `codec` gives. */
export class Codecs {
  readonly #codecs: readonly SessionCodec[];

  constructor(codecs: readonly SessionCodec[]) {
    this.#codecs = codecs;
  }

  /**
   * JSON text as it stands in `sess`: as text where no codec has changed it.
   *
   * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE` where a codec fails, or one of its own.
   */
  async encode(text: string, { otherBytes, ...row }: Row): Promise<AttributeValue> {
    let bytes: Uint8Array = new TextEncoder().encode(text);
    let toBeAdded = this.#codecs.reduce((sum, { addedBytes = 0 }) => sum + addedBytes, 0);
    const others = otherBytes + frame(this.#codecs).length;
    const applied: SessionCodec[] = [];
    for (const codec of this.#codecs) {
      toBeAdded -= codec.addedBytes ?? 0;
      const tags = applied.map(({ tag }) => tag);
      const encoded = await encodeBy(codec, bytes, { ...row, tags, otherBytes: others + toBeAdded });
      if (encoded === undefined) continue;
      applied.push(codec);
      bytes = encoded;
    }
    return applied.length === 0 ? { S: text } : { B: joined([frame(applied), bytes]) };
  }

  /** The JSON text that encoded data stands for. @throws {Unreadable} */
  async decode(stored: Uint8Array, row: Row): Promise<string> {
    const end = stored.indexOf(0);
    if (stored[0] !== VERSION || end < 0) throw new Unreadable("its data is of no known version");
    const tags = [...stored.subarray(1, end)];
    if (new Set(tags).size < tags.length) throw new Unreadable("its data names a codec twice");
    this.check(tags);
    let bytes = stored.subarray(end + 1);
    for (const [i, tag] of [...tags.entries()].reverse()) {
      const codec = this.#codecs.find((one) => one.tag === tag);
      if (codec === undefined)
        throw new Unreadable(`its data was encoded by a codec (tag ${tag}) that the option codec lacks`);
      bytes = await decodeBy(codec, bytes, { ...row, tags: tags.slice(0, i) });
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Unreadable("its decoded data is no text");
    }
  }

  /**
   * Refuses data that a codec did not encode which insists on it: `tags` are those of the codecs that did.
   */
  check(tags: readonly number[]): void {
    for (const { tag, refusesOthers } of this.#codecs)
      if (refusesOthers !== undefined && !tags.includes(tag)) throw new Unreadable(refusesOthers);
  }
}

/** Why encoded data cannot be read. */
export class Unreadable extends Error {}

async function encodeBy(
  codec: SessionCodec,
  bytes: Uint8Array,
  row: CodecRow,
): Promise<Uint8Array | undefined> {
  try {
    const encoded: unknown = await codec.encode(bytes, row);
    if (encoded === undefined || encoded instanceof Uint8Array) return encoded;
  } catch (error) {
    if (error instanceof SessionStoreError) throw error;
  }
  // What it threw is no cause: it may quote the data.
  throw new SessionStoreError(
    "ERR_SESSION_UNSERIALIZABLE",
    `session data cannot be stored: the codec "${codec.name}" did not make bytes of it; nothing was written`,
  );
}

async function decodeBy(codec: SessionCodec, bytes: Uint8Array, row: CodecRow): Promise<Uint8Array> {
  try {
    const decoded: unknown = await codec.decode(bytes, row);
    if (decoded instanceof Uint8Array) return decoded;
  } catch {
    // As above.
  }
  throw new Unreadable(
    `the codec "${codec.name}" cannot decode it${codec.whenUnreadable ? `: ${codec.whenUnreadable}` : ""}`,
  );
}

function frame(codecs: readonly SessionCodec[]): Uint8Array {
  return Uint8Array.from([VERSION, ...codecs.map(({ tag }) => tag), 0]);
}
