// How large each entry is to whoever bundles it: the part of the benchmarks that prints and draws what `entry-sizes.js`
// measures. A size above its budget fails, in either form.
import { barLabel, nameAxis, title, valueAxis } from "./chart.js";
import { entrySizes, sizeProblems } from "./entry-sizes.js";
import { spreadOf } from "./rounds.js";

// The bar for one of them.
const HONO_BAR = 10 * 1024;

/** @type {import("./main.js").Part} */
export default {
  name: "size",
  title: "each entry with the core, minified and compressed, without the SDK and the framework",
  async run() {
    const sizes = await entrySizes();
    const hono = sizes.find(({ entry }) => entry === "hono");
    return {
      tables: [
        {
          title: "bytes",
          columns: ["entry", "minified", "and gzipped", "budget"],
          rows: sizes.map(({ entry, minified, gzipped, budget }) => [
            entry,
            minified,
            gzipped,
            budget ?? "none",
          ]),
        },
      ],
      bars: [{ title: "hono with core, gzipped bytes", ratio: spreadOf([hono.gzipped]), most: HONO_BAR }],
      figures: { sizes },
      charts: [chartOf(sizes)],
      checked: sizes.length,
      failures: sizeProblems(sizes),
    };
  },
};

function chartOf(sizes) {
  return {
    height: 300,
    option: {
      title: title("Size of each entry", "minified and gzipped, with the core, without SDK and framework"),
      grid: { left: 80, right: 70, top: 60, bottom: 50 },
      xAxis: valueAxis("bytes"),
      yAxis: nameAxis(
        sizes.map(({ entry }) => entry),
        { inverse: true },
      ),
      series: [
        {
          type: "bar",
          data: sizes.map(({ gzipped }) => gzipped),
          label: barLabel(({ value }) => value.toLocaleString("en-US")),
        },
      ],
    },
  };
}
