// Types of entry-sizes.js, for the tests.
export interface EntrySize {
  readonly entry: string;
  /** Bytes. */
  readonly minified: number;
  /** Bytes, minified and compressed. */
  readonly gzipped: number;
  /** For the compressed size; `undefined` where nobody has set one. */
  readonly budget: number | undefined;
}

export function entrySizes(): Promise<EntrySize[]>;

/** What is wrong with sizes, in words: above its budget, without one, or a budget of nothing. */
export function sizeProblems(sizes: readonly EntrySize[]): string[];
