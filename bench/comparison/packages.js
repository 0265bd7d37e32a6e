// The packages of the compared stores that need no DynamoDB, and what must be here to try them.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { EXTRAS, extraFolder, isWhole } from "../../scripts/extras.mjs";

const EXTRA = "compared-stores";
/** Asked for each of them, and found out once. */
let areHere;

/** Loads one of them. */
export const comparedPackages = createRequire(join(extraFolder(EXTRA), "package.json"));

/** Why they cannot be loaded here, or undefined where they can. */
export function comparedPackagesProblem() {
  const extra = EXTRAS.find(({ name }) => name === EXTRA);
  areHere ??= isWhole(extra);
  return areHere ? undefined : `the ${extra.title} are not here (npm run fetch)`;
}

/** Why no server of Redis can be started here, or undefined where one can. */
export function redisProblem() {
  return redisVersion() === undefined ? "there is no redis-server on the PATH" : undefined;
}

/** The version of the server that would be started. */
export function redisVersion() {
  const { stdout } = spawnSync("redis-server", ["--version"], { encoding: "utf8" });
  return /v=([\d.]+)/.exec(stdout ?? "")?.[1];
}

/**
 * The version of an installed package.
 *
 * @param {string} name
 * @param {string} [extra] the extra that it was fetched with; without one it is the project's own
 */
export function versionOf(name, extra) {
  const folder = extra === undefined ? new URL("../../", import.meta.url).pathname : extraFolder(extra);
  return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
}
