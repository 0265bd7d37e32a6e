// Types of entries.mjs, for the tests.
export interface Entry {
  /** Such as `koa`; `index` is the package itself. */
  readonly name: string;
  /** What is imported. */
  readonly specifier: string;
  /** In either format, and their types: paths in the package. */
  readonly files: readonly string[];
}

export interface Program {
  readonly name: string;
  /** Its path in the package. */
  readonly file: string;
}

export declare const ENTRIES: readonly Entry[];
export declare const PROGRAMS: readonly Program[];
