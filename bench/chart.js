// Charts as SVG, drawn without a browser: readable on a light page and on a dark one, and without animation.
import { init } from "echarts";

// Greys and colours with contrast enough against white as well as against near-black.
const TEXT = "#7d8590";
const GRID = "#7d859055";
const COLORS = ["#1f9e89", "#d9822b", "#6b7fd7", "#c2569b", "#8a9a3b", "#7d8590"];
const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";

const WIDTH = 860;
const HEIGHT = 420;

/**
 * @typedef {object} Chart
 * @property {string} [name] of its file, after the part's; left out where a part has one chart alone
 * @property {number} [width]
 * @property {number} [height]
 * @property {import("echarts").EChartsOption} option
 */

/**
 * Draws a chart as SVG.
 *
 * @param {Chart} chart
 */
export function draw({ option, width = WIDTH, height = HEIGHT }) {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      color: COLORS,
      backgroundColor: "transparent",
      textStyle: { color: TEXT, fontFamily: FONT },
      ...option,
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

/** A title above the chart, with a line of what was measured below it. */
export function title(text, subtext) {
  return {
    text,
    subtext,
    left: 0,
    textStyle: { color: TEXT, fontSize: 16, fontFamily: FONT },
    subtextStyle: { color: TEXT, fontSize: 12, fontFamily: FONT },
  };
}

/** A legend below the chart. */
export function legend() {
  return { bottom: 0, textStyle: { color: TEXT } };
}

/** An axis of numbers. */
export function valueAxis(name, rest = {}) {
  return { type: "value", name, ...AXIS, ...rest };
}

/** An axis of names. */
export function nameAxis(data, rest = {}) {
  return { type: "category", data, ...AXIS, ...rest };
}

const AXIS = {
  nameLocation: "middle",
  nameGap: 36,
  nameTextStyle: { color: TEXT },
  axisLabel: { color: TEXT },
  axisLine: { lineStyle: { color: TEXT } },
  axisTick: { lineStyle: { color: TEXT } },
  splitLine: { lineStyle: { color: GRID } },
};

/** Numbers at the ends of bars. */
export function barLabel(formatter) {
  return { show: true, position: "right", color: TEXT, formatter };
}
