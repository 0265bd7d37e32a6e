// Figures as people read them, and as lines that a terminal can bear.

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A time span in two units at most. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return inTwo(hours, "h", minutes % 60, "min");
  return inTwo(Math.floor(hours / 24), "d", hours % 24, "h");
}

function inTwo(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** Bytes, in the steps of 1 024 by which DynamoDB bills. */
export function bytes(value: number): string {
  if (value < 1024) return `${count(value)} B`;
  const power = Math.min(3, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${scaled < 10 ? Number(scaled.toFixed(1)) : count(scaled)} ${["B", "KB", "MB", "GB"][power]}`;
}

export function dollars(value: number): string {
  if (value > 0 && value < 0.01) return "<$0.01";
  return `$${value < 1000 ? value.toFixed(2) : count(value)}`;
}

/** A number of any size with two digits that say something. */
export function rate(value: number): string {
  return value >= 10 ? count(value) : String(Number(value.toPrecision(2)));
}

/** A moment, in UTC; what is none by its number is shown as that. */
export function moment(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Names and what they are, one below the other. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
