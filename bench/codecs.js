// What codecs and the other options for security cost: processor time of encoding and decoding by themselves, and of whole operations beside
// those without; and what they make of a row's size and price, which is exact.
import { PLACEMENT, withTable } from "./processes.js";
import { alternate, ratioOf, showSpread, spreadOf } from "./rounds.js";

/** How large a session's data is, as JSON text. */
const SIZES = [1_000, 4_000, 20_000];

/** Without any first: the others are compared with it. */
const WAYS = { none: "none", compress: "compress()", seal: "seal()", both: "compress(), seal()" };
const OPERATIONS = { encode: "encode", decode: "decode", save: "a save", load: "a lone load" };
const COUNTS = { encode: 2_000, decode: 2_000, save: 400, load: 400 };

/** Without any first. */
const OPTIONS = ["none", "hashIds", "absoluteTtl", "owner", "previous"];
const OF_OPTIONS = {
  load: "a lone load",
  loadNew: "a load of nobody's id",
  save: "a save",
  create: "a session's first write",
};
const OF_OPTIONS_COUNT = 400;
const SHORT_SHARE = 0.05;

/** @typedef {import("./rounds.js").Spread} Spread */

/** @type {import("./main.js").Part} */
export default {
  name: "codecs",
  title: "what the options for security cost: processor time, and the row's size and price",
  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const share = isShort ? SHORT_SHARE : 1;
    const sized = [];
    for (const bytes of SIZES) sized.push(await measure(bytes, rounds, share));
    const options = await measureOptions(rounds, share);
    return {
      tables: [rowsTable(sized), ...sized.map(timesTable), optionsTable(options)],
      figures: {
        placement: PLACEMENT,
        unit: "microseconds of processor time for each",
        sizes: sized.map(({ bytes, rows, figures }) => ({
          bytes,
          rows,
          microseconds: mapped(figures, (byWay) => spreads(byWay)),
          ofNone: mapped(figures, (byWay) => ratios(byWay, "none")),
        })),
        options: {
          bytes: SIZES[0],
          microseconds: mapped(options, (byWay) => spreads(byWay)),
          ofNone: mapped(options, (byWay) => ratios(byWay, "none")),
        },
      },
      checked: sized.length * 3,
      failures: sized.flatMap(({ bytes, rows }) => wrongIn(rows).map((what) => `${bytes} bytes: ${what}`)),
    };
  },
};

/** Figures of every way and operation, for sessions of one size. */
function measure(bytes, rounds, share) {
  return withTable(async ({ endpoint }, start) => {
    const process = await start("codecs-run.js", "measured", { endpoint, bytes });
    const { rows } = await process.started;
    const figures = {};
    for (const operation of Object.keys(OPERATIONS)) {
      const ways = Object.keys(WAYS).filter((way) => way !== "none" || !isCodecs(operation));
      figures[operation] = await compare(process, ways, operation, COUNTS[operation], { rounds, share });
    }
    return { bytes, rounds, rows, figures };
  });
}

function measureOptions(rounds, share) {
  return withTable(async ({ endpoint }, start) => {
    const process = await start("codecs-run.js", "measured", { endpoint, bytes: SIZES[0] });
    const figures = {};
    for (const operation of Object.keys(OF_OPTIONS))
      figures[operation] = await compare(process, OPTIONS, operation, OF_OPTIONS_COUNT, { rounds, share });
    return figures;
  });
}

async function compare(process, ways, operation, count, { rounds, share }) {
  const once = async (way) =>
    (await process.ask({ way, operation, count: Math.ceil(count * share) })).microseconds;
  await alternate(ways, 2, once);
  return alternate(ways, rounds, once);
}

/** What is done by the codecs alone. */
function isCodecs(operation) {
  return operation === "encode" || operation === "decode";
}

function rowsTable(sized) {
  return {
    title: "a row, by the bytes of its session's data: its bytes, and the write units of a save",
    columns: ["", ...sized.map(({ bytes }) => `${bytes} bytes`)],
    rows: Object.entries(WAYS).map(([way, name]) => [
      name,
      ...sized.map(({ rows }) => `${rows[way].bytes}, ${rows[way].writeUnits}`),
    ]),
  };
}

function timesTable({ bytes, rounds, figures }) {
  const cell = (operation, way) => {
    const byWay = figures[operation];
    if (!byWay.has(way)) return "";
    const microseconds = showSpread(spreadOf(byWay.get(way)));
    if (isCodecs(operation) || way === "none") return microseconds;
    return `${microseconds}, ${showSpread(ratioOf(byWay.get(way), byWay.get("none")))} of none`;
  };
  return {
    title: `microseconds of processor time, data of ${bytes} bytes, ${rounds} rounds`,
    columns: ["", ...Object.values(OPERATIONS)],
    rows: Object.entries(WAYS).map(([way, name]) => [
      name,
      ...Object.keys(OPERATIONS).map((operation) => cell(operation, way)),
    ]),
  };
}

function optionsTable(options) {
  return {
    title: `processor time by the other options, data of ${SIZES[0]} bytes: microseconds, and of none's`,
    columns: ["", ...OPTIONS],
    rows: Object.entries(OF_OPTIONS).map(([operation, name]) => {
      const byWay = options[operation];
      const cell = (way) =>
        way === "none"
          ? showSpread(spreadOf(byWay.get(way)))
          : showSpread(ratioOf(byWay.get(way), byWay.get("none")));
      return [name, ...OPTIONS.map(cell)];
    }),
  };
}

/** What of rows is not as it must be. */
function wrongIn({ none, compress, seal, both }) {
  // Version, tag and a zero; nonce and authentication.
  const sealing = 3 + 12 + 16;
  return [
    compress.writeUnits > none.writeUnits && "compress() costs more units than none",
    seal.bytes !== none.bytes + sealing && `seal() adds other than ${sealing} bytes`,
    both.writeUnits > seal.writeUnits && "compress(), seal() costs more units than seal()",
  ].filter(Boolean);
}

/** @returns {Record<string, Spread>} */
function spreads(byWay) {
  return Object.fromEntries([...byWay].map(([way, values]) => [way, spreadOf(values)]));
}

/** @returns {Record<string, Spread>} */
function ratios(byWay, base) {
  const others = [...byWay].filter(([way]) => way !== base && byWay.has(base));
  return Object.fromEntries(others.map(([way, values]) => [way, ratioOf(values, byWay.get(base))]));
}

function mapped(figures, change) {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, change(value)]));
}
