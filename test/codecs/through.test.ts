// That a bomb is bounded whatever the runtime's streams do: by streams that buffer as those of the runtimes are seen to.
import { describe, expect, it } from "vitest";
import { through } from "../../src/codecs/through.js";

const PIECE = 1000;
const FACTOR = 1000;
const MOST = 2_500_000;

/** A stream that makes a thousand bytes of each, and what it was given and made. */
function inflating({ readableMark, atOnce }: { readableMark: number; atOnce: boolean }) {
  const seen = { given: 0, made: 0, pieces: 0, cancelled: false };
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let more = () => {};
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        output = controller;
      },
      pull: () => more(),
      cancel() {
        seen.cancelled = true;
        more();
      },
    },
    { highWaterMark: readableMark },
  );
  const isFull = () => !seen.cancelled && (output?.desiredSize ?? 0) <= 0;
  const writable = new WritableStream<BufferSource>({
    async write(piece) {
      if (seen.cancelled) throw new TypeError("cancelled");
      seen.pieces += 1;
      seen.given += piece.byteLength;
      const chunks = atOnce ? 1 : piece.byteLength;
      for (let i = 0; i < chunks && !seen.cancelled; i++) {
        // Of those that hold their writers back.
        while (readableMark < Number.POSITIVE_INFINITY && isFull()) {
          await new Promise<void>((resolve) => {
            more = resolve;
          });
        }
        if (seen.cancelled) return;
        const length = (piece.byteLength * FACTOR) / chunks;
        seen.made += length;
        output?.enqueue(new Uint8Array(length));
      }
    },
    close: () => output?.close(),
  });
  return { stream: { readable, writable }, seen };
}

const RUNTIMES = [
  { what: "hold their writer back, as Node's", readableMark: 1, atOnce: false },
  { what: "make all of a piece at once, as Deno's", readableMark: 1, atOnce: true },
  { what: "hold nobody back, as workerd's", readableMark: Number.POSITIVE_INFINITY, atOnce: false },
];

describe.each(RUNTIMES)("through streams that $what", (runtime) => {
  it("a bomb is given no further than a piece beyond the bound, and ended", async () => {
    const { stream, seen } = inflating(runtime);
    expect(await through(stream, new Uint8Array(400_000), MOST, PIECE)).toBeUndefined();
    expect(seen.cancelled).toBe(true);
    expect(seen.pieces).toBe(3);
    expect(seen.made).toBeLessThanOrEqual(MOST + PIECE * FACTOR);
  });

  it("what is within the bound comes whole, to its last byte", async () => {
    const { stream, seen } = inflating(runtime);
    const made = await through(stream, new Uint8Array(2_500), MOST, PIECE);
    expect(made).toHaveLength(MOST);
    expect(seen).toMatchObject({ given: 2_500, pieces: 3, cancelled: false });
  });
});

it("a stream that fails while it is written to fails the whole, once, and leaves nothing unhandled", async () => {
  const broken = new TransformStream<BufferSource, Uint8Array<ArrayBuffer>>({
    transform() {
      throw new TypeError("no such block");
    },
  });
  await expect(through(broken, new Uint8Array(5_000), MOST, PIECE)).rejects.toThrow("no such block");
});
