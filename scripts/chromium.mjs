// Which browser the tests look through, and whether it is here. Asked by the test command, by the tests and by the
// continuous integration script, so that they agree.
import { existsSync } from "node:fs";

/** Debian's. `SESSION_STORE_CHROMIUM` names another. */
export const CHROMIUM = process.env.SESSION_STORE_CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser to look through, or undefined where there is one. */
export function chromiumProblem() {
  return existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is not here (Debian's package chromium brings it)`;
}
