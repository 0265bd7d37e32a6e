// Histograms drawn in text: one line for each bucket, as long as its share of the largest.

/** One line of a histogram. */
export interface Bucket {
  readonly label: string;
  readonly count: number;
}

// Eighths of a character's width.
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;
const WHOLE = "█";
const WIDEST_BAR = 50;

/**
 * Draws a histogram; a bucket that holds anything at all is seen.
 *
 * @param columns how wide the lines may be.
 */
export function drawHistogram(title: string, buckets: readonly Bucket[], columns: number): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const largest = Math.max(0, ...buckets.map(({ count }) => count));
  const counts = buckets.map(({ count }) => count.toLocaleString("en-US"));
  const shares = buckets.map(({ count }) => (total === 0 ? "0%" : percent(count / total)));
  const labelWidth = widest(buckets.map(({ label }) => label));
  const countWidth = widest(counts);
  const shareWidth = widest(shares);
  const room = columns - labelWidth - countWidth - shareWidth - 8;
  const barWidth = Math.max(1, Math.min(WIDEST_BAR, room));
  const lines = buckets.map(({ label, count }, i) => {
    const bar = barOf(count, largest, barWidth).padEnd(barWidth);
    const figures = `${(counts[i] ?? "").padStart(countWidth)}  ${(shares[i] ?? "").padStart(shareWidth)}`;
    return `  ${label.padStart(labelWidth)}  ${bar}  ${figures}`;
  });
  return [title, ...lines].join("\n");
}

function barOf(count: number, largest: number, width: number): string {
  if (count === 0) return "";
  const eighths = Math.max(1, Math.round((count / largest) * width * 8));
  return WHOLE.repeat(Math.floor(eighths / 8)) + (PARTS[eighths % 8] ?? "");
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "<1%" : `${Math.round(share * 100)}%`;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}
