// What a run cost, beside another of the same seed: the table of `npm run concurrency`.
import type { Run } from "./run.js";

export function priceTable(runs: readonly Run[]): string {
  const lines: [string, ...(string | number)[]][] = [
    ["", ...runs.map(({ concurrency }) => concurrency)],
    row("requests", ({ visits }) => visits.length),
    row("changes acknowledged", ({ audit }) => audit.acknowledged),
    row("  in sessions that live at the end", ({ audit }) => audit.living),
    row("  of these lost", ({ audit }) => audit.lost),
    row("requests that missed what was acknowledged", ({ audit }) => audit.misled),
    row("reads", ({ bill }) => bill.reads),
    row("read units", ({ bill }) => bill.readUnits),
    row("writes", ({ bill }) => bill.writes),
    row("  of these refused, and sent again", ({ bill }) => bill.refused),
    row("write units", ({ bill }) => bill.writeUnits),
    row("calls per request", ({ bill, visits }) => ((bill.reads + bill.writes) / visits.length).toFixed(2)),
    row("seconds", ({ seconds }) => seconds.toFixed(1)),
  ];
  function row(what: string, of: (run: Run) => string | number): [string, ...(string | number)[]] {
    return [what, ...runs.map(of)];
  }
  return lines
    .map(
      ([what, ...figures]) => what.padEnd(44) + figures.map((figure) => String(figure).padStart(17)).join(""),
    )
    .join("\n");
}
