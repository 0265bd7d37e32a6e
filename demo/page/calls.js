// The right side, below: the calls that each action cost, the newest first, and what all of them come to.
import { byId, element, flash, plural, setText } from "./elements.js";

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const TOTALS = [
  ["requests", "HTTP requests"],
  ["reads", "reads"],
  ["writes", "writes"],
  ["readUnits", "read units"],
  ["writeUnits", "write units"],
];
const VERSIONS = [
  ["now", "this version"],
  ["before", "0.0.19"],
];
const OUTCOMES = { done: "", refused: "refused", failed: "failed" };

export function createCallsPanel() {
  /** What each action last looked like, so that only what changed is made anew. */
  const shown = new Map();
  const figures = new Map();

  for (const [field, name] of TOTALS) {
    const figure = element("dd");
    figures.set(field, figure);
    byId("totals").append(element("div", {}, figure, element("dt", { textContent: name })));
  }

  const bars = new Map();
  for (const [version, name] of VERSIONS) {
    const bar = element("i");
    const figure = element("span", { className: "figure" });
    bars.set(version, { bar, figure });
    const value = element("dd", {}, element("b", { className: version }, bar), figure);
    byId("versus").append(element("div", {}, element("dt", { textContent: name }), value));
  }

  /** How many units it took, beside how many it would have taken. */
  function showVersus({ readUnits, writeUnits, before }) {
    const units = { now: readUnits + writeUnits, before: before.readUnits + before.writeUnits };
    const most = Math.max(units.now, units.before, 1);
    for (const [version, { bar, figure }] of bars) {
      bar.style.width = `${(units[version] / most) * 100}%`;
      setText(figure, plural(units[version], "unit"));
    }
  }

  function show({ actions, totals }) {
    for (const [field, figure] of figures)
      setText(figure, totals[field].toLocaleString("en"), { mark: true });
    showVersus(totals);
    byId("versus").hidden = actions.length === 0;
    byId("calls-empty").hidden = actions.length > 0;
    const list = byId("actions");
    const isFirst = shown.size === 0;

    // The oldest first, each put before the ones already there.
    for (const action of [...actions].reverse()) {
      const state = JSON.stringify(action);
      const before = shown.get(action.id);
      if (before?.state === state) continue;
      const item = before?.item ?? element("li");
      item.replaceChildren(...describe(action));
      if (before === undefined) {
        list.prepend(item);
        if (!isFirst) flash(item);
      }
      shown.set(action.id, { state, item });
    }
    const kept = new Set(actions.map(({ id }) => id));
    for (const [id, { item }] of shown) {
      if (kept.has(id)) continue;
      item.remove();
      shown.delete(id);
    }
  }

  return { show };
}

/** The last action in a few words, for a narrow screen. */
export function summaryOf(action) {
  return action === undefined ? "No call" : costOf(action);
}

function describe(action) {
  const head = element(
    "div",
    { className: "action-head" },
    element("strong", { textContent: action.label }),
    element("span", { className: "cost", textContent: costOf(action) }),
    element("span", {
      className: "when",
      textContent: `${time.format(action.at)} · ${plural(action.requests, "request")} · 0.0.19: ${plural(action.unitsBefore, "unit")}`,
    }),
  );
  if (action.calls.length === 0) return [head, ...remarks(action)];
  const calls = element("ul", { className: "calls" }, ...action.calls.map(describeCall));
  return [head, calls, ...remarks(action)];
}

function describeCall(call) {
  return element(
    "li",
    { className: call.outcome === "done" ? call.kind : call.outcome },
    element("code", { textContent: call.command }),
    element("span", { className: "outcome", textContent: OUTCOMES[call.outcome] }),
    element("span", { className: "units", textContent: plural(call.units, "unit") }),
    element("span", { className: "ms", textContent: `${call.durationMs.toFixed(1)} ms` }),
  );
}

function remarks({ touchesSpared, merged, gone }) {
  const texts = [
    touchesSpared > 0 && `${plural(touchesSpared, "touch", "touches")} spared: not due, or just made`,
    merged > 0 && `${plural(merged, "save")} merged with what others had written meanwhile`,
    gone > 0 && `${plural(gone, "save")} found the session ended, and wrote nothing`,
  ];
  return texts.filter(Boolean).map((textContent) => element("p", { className: "remark", textContent }));
}

function costOf({ calls }) {
  if (calls.length === 0) return "no call";
  const units = calls.reduce((sum, call) => sum + call.units, 0);
  return `${plural(calls.length, "call")}, ${plural(units, "unit")}`;
}
