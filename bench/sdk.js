// Where the processor time of one GetItem goes: the SDK's call as it is by default, with what it offers to make it leaner,
// and two of its own parts, the signer and the HTTP handler, without the rest. All of them in one process of its own.
import { PLACEMENT, withTable } from "./processes.js";
import { alternate, ratioOf, showSpread, spreadOf } from "./rounds.js";

const BYTES = 700;
const CALLS = { long: 1500, short: 200 };

/** @type {import("./main.js").Part} */
export default {
  name: "sdk",
  title: "processor time of one GetItem, by how it is sent",
  run({ isShort, rounds, say }) {
    say(PLACEMENT);
    return withTable(async ({ endpoint }, start) => {
      const process = await start("sdk-run.js", "measured", { endpoint, bytes: BYTES });
      const { ways } = await process.started;
      const calls = isShort ? CALLS.short : CALLS.long;
      const measure = async (way) => (await process.ask({ way, calls })).microseconds;
      await alternate(ways, 1, measure);
      const figures = await alternate(ways, rounds, measure);
      const ofDefault = figures.get(ways[0]);
      const rows = ways.map((name) => ({
        name,
        microseconds: spreadOf(figures.get(name)),
        ratio: ratioOf(figures.get(name), ofDefault),
      }));
      return {
        tables: [
          {
            title: `one GetItem of a session of ${BYTES} bytes, ${rounds} rounds`,
            columns: ["sent by", "microseconds", "of the SDK's by default"],
            rows: rows.map(({ name, microseconds, ratio }) => [
              name,
              showSpread(microseconds),
              showSpread(ratio),
            ]),
          },
        ],
        figures: { placement: PLACEMENT, sessionBytes: BYTES, rows },
      };
    });
  },
};
