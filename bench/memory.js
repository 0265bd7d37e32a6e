// Whether a store remembers what it should forget: the heap after forced collections must not grow with the number of
// operations, over the last 80 % of a long run. 15 seconds in the short form; `--million` for that many operations.
import { nameAxis, title, valueAxis } from "./chart.js";
import { runProgram } from "./child.js";
import { spreadOf } from "./rounds.js";

// Optimised code comes, goes and weighs hundreds of kilobytes, which hides what is looked for: bytes per operation. Code is
// kept as it was first compiled, and all that is ever compiled is compiled early.
const FLAGS = [
  "--expose-gc",
  "--no-opt",
  "--no-sparkplug",
  "--no-flush-bytecode",
  "--no-lazy-feedback-allocation",
];

// What a store remembers of sessions by their ids is bounded at 10 000 of them, and grows until then as it may. A million
// operations fill that in the first tenth; in shorter runs new sessions come under ids of old ones, for the same end.
const SHORT = { seconds: 15, samples: 15, ids: 100 };
const LONG = { operations: 100_000, samples: 40, ids: 1_500 };
const MILLION = { operations: 1_000_000, samples: 40, ids: Number.MAX_SAFE_INTEGER };

const MOST_BYTES_PER_OPERATION = 1;
/** Of the run, what is not looked at. */
const WARMING_UP = 0.2;

/** @type {import("./main.js").Part} */
export default {
  name: "memory",
  title: "what the heap keeps of an operation, after forced collections, over the last 80 % of a long run",
  async run({ isShort, flags, say }) {
    const asked = flags.includes("--million") ? MILLION : isShort ? SHORT : LONG;
    const { samples, operations, failures, sessions } = await runProgram("memory-run.js", asked, {
      flags: FLAGS,
    });
    say(`${operations} operations on ${sessions} sessions, of which ${failures} failed, as they should`);
    const bytesPerOperation = growth(
      samples.filter((sample) => sample.operations >= WARMING_UP * operations),
    );
    return {
      tables: [
        {
          title: "heap after forced collections",
          columns: ["operations", "bytes"],
          rows: everyFew(samples).map((sample) => [sample.operations, sample.bytes]),
        },
      ],
      bars: [
        {
          title: "bytes that the heap grows by with an operation",
          ratio: spreadOf([bytesPerOperation]),
          most: MOST_BYTES_PER_OPERATION,
        },
      ],
      figures: { operations, sessions, failures, bytesPerOperation, samples },
      charts: [chartOf(samples)],
    };
  },
};

/**
 * The median slope of all pairs of samples (Theil and Sen's estimator): one sample that is off, for a collection came at
 * another moment, says nothing.
 */
function growth(samples) {
  const slopes = samples.flatMap((one, i) =>
    samples
      .slice(i + 1)
      .map((other) => (other.bytes - one.bytes) / Math.max(1, other.operations - one.operations)),
  );
  return spreadOf(slopes).median;
}

function everyFew(samples) {
  const step = Math.ceil(samples.length / 10);
  return samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
}

function chartOf(samples) {
  return {
    height: 300,
    option: {
      title: title(
        "Heap after forced collections",
        "loads, saves, touches, updates, destroys; failing ones too",
      ),
      grid: { left: 80, right: 30, top: 60, bottom: 60 },
      xAxis: nameAxis(
        samples.map(({ operations }) => operations.toLocaleString("en-US")),
        { name: "operations" },
      ),
      yAxis: valueAxis("MB", { min: 0 }),
      series: [{ type: "line", data: samples.map(({ bytes }) => bytes / 1e6), symbol: "none" }],
    },
  };
}
