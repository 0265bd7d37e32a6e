// Types of chromium.mjs, for the tests.
export const CHROMIUM: string;
export function chromiumProblem(): string | undefined;
