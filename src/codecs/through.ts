// Bytes through a stream of the web platform, bounded: however the runtime buffers, no more is made than a
// piece beyond what is asked for. Deno makes all of a piece at once, and the streams of workerd hold no
// writer back.
import { joined } from "../core/doors.js";

/** A stream that makes bytes of bytes, as `CompressionStream` and `DecompressionStream` do. */
export interface ByteStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<BufferSource>;
}

/**
 * What a stream makes of bytes; `undefined` once that is more than `most`, of which no more is made then. It
 * is given the next piece of them when what it made of the last has been read.
 */
export async function through(
  { readable, writable }: ByteStream,
  bytes: Uint8Array,
  most: number,
  pieceBytes = bytes.length,
): Promise<Uint8Array | undefined> {
  let length = 0;
  const write = async () => {
    const writer = writable.getWriter();
    for (let at = 0; at < bytes.length && length <= most; at += pieceBytes) {
      if (at > 0) await untilStill(() => length);
      await writer.write(new Uint8Array(bytes.subarray(at, at + pieceBytes)));
    }
    await writer.close();
  };
  // What goes wrong is what the reader is told; and where nobody reads on, nobody waits for this.
  write().catch(() => {});
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    length += chunk.value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(chunk.value);
  }
  return joined(chunks);
}

/** Waits for a turn of the event loop in which a figure has not changed. */
async function untilStill(figure: () => number): Promise<void> {
  for (let before = -1; before !== figure(); ) {
    before = figure();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
