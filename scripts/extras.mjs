// The big extras of the test suite: what they are, where they lie, and whether they are there. They are no dependencies,
// so that `npm ci` stays small; `scripts/fetch.mjs` brings them. A new one is a new row.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * An extra is a folder out of one npm package's tarball, or the packages of a lock file of their own.
 *
 * @typedef {object} Extra
 * @property {string} name the folder's name inside `.extras/`
 * @property {string} title what it is called in messages
 * @property {string} integrity the sha512 of the package's tarball, as `npm pack --json` prints it, or of the lock file
 * @property {string} [spec] the npm package and exact version that holds it
 * @property {string} [inside] the folder within the tarball that is unpacked (npm's tarballs begin with `package`)
 * @property {string} [lockedBy] the folder whose `package.json` and lock file say what is installed
 */

/** @type {Extra[]} */
export const EXTRAS = [
  {
    name: "dynamodb-local",
    title: "DynamoDB Local 1.25.1",
    spec: "amplify-dynamodb-simulator@2.9.30",
    integrity:
      "sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==",
    inside: "package/emulator",
  },
  locked("old-packages", "old session stores", "../test/compat/old-packages/"),
  locked("iac-tools", "infrastructure tools", "../test/iac/tools/"),
  locked("compared-stores", "compared session stores", "../bench/comparison/packages/"),
  ...runtimesHere(),
];

export const EXTRAS_FOLDER = fileURLToPath(new URL("../.extras/", import.meta.url));

/** An extra that is installed from a lock file: another lock is another extra. */
function locked(name, title, folder) {
  const lockedBy = fileURLToPath(new URL(folder, import.meta.url));
  const lock = readFileSync(join(lockedBy, "package-lock.json"));
  return { name, title, lockedBy, integrity: sha512(lock) };
}

/**
 * The runtimes that the built package is tested on, besides the Node that runs the tests: npm packages of the platform's
 * own, pinned in `runtime-packages.json` for every platform that has one.
 */
function runtimesHere() {
  const pinned = readFileSync(new URL("runtime-packages.json", import.meta.url), "utf8");
  return JSON.parse(pinned).flatMap(({ platforms, ...runtime }) => {
    const here = platforms[`${process.platform}-${process.arch}`];
    return here === undefined ? [] : [{ ...runtime, ...here }];
  });
}

/** A digest as npm writes it. */
export function sha512(content) {
  return `sha512-${createHash("sha512").update(content).digest("base64")}`;
}

/** Written into an extra's folder last: which tarball it came from, and the size of every file. */
export const STAMP = ".fetched.json";

export function extraFolder(name) {
  return join(EXTRAS_FOLDER, name);
}

/** Whether an extra is there from the pinned tarball, with every file at its full size. */
export function isWhole(extra) {
  const folder = extraFolder(extra.name);
  let stamp;
  try {
    stamp = JSON.parse(readFileSync(join(folder, STAMP), "utf8"));
  } catch {
    return false;
  }
  if (stamp.integrity !== extra.integrity) return false;
  return Object.entries(stamp.sizes).every(([file, size]) => {
    const path = join(folder, file);
    return existsSync(path) && statSync(path).size === size;
  });
}
