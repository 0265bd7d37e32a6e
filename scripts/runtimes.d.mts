// Types of runtimes.mjs, for the tests.
export interface Runtime {
  readonly name: string;
  readonly title: string;
  readonly agent: string;
  readonly doors: readonly string[];
  readonly elsewhere: string;
  readonly hasOwn?: boolean;
  readonly compatibilityDate?: string;
}
export const RUNTIMES: readonly Runtime[];
export function runtimeOf(name: string): Runtime;
export function programOf(runtime: Runtime): string;
export function runtimeProblem(runtime: Runtime): string | undefined;
