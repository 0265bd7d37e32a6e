// A run's figures as lines of a table.
import type { Report } from "./campaign.js";

export const HEADER = line(
  "fault",
  ["faults", "requests", "operations", "errors", "violations"],
  "errors by code",
);

export function linesOf(report: Report): string[] {
  const { name, faults, visits, operations, errors, violations } = report;
  const figures = [sumOf(faults), visits, sumOf(operations), sumOf(errors), violations.length];
  const lines = [line(name, figures, listOf(errors))];
  if (faults.size > 1) lines.push(...[...faults].map(([kind, times]) => line(`  ${kind}`, [times], "")));
  return lines;
}

export function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function listOf(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([what, times]) => `${what} ${times}`)
    .join(", ");
}

function line(name: string, figures: readonly (string | number)[], last: string): string {
  const columns = figures.map((figure) => String(figure).padStart(11)).join("");
  return `${name.padEnd(42)}${columns}  ${last}`.trimEnd();
}
