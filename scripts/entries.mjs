// What the package offers, read from its manifest: whoever goes through these lists cannot miss an entry that is new.
import { readFileSync } from "node:fs";

/** @type {{ name: string, exports: Record<string, unknown>, bin: Record<string, string> }} */
const {
  name: PACKAGE,
  exports,
  bin,
} = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The entries that are modules: by their short names, as they are imported, and of which files they are made. */
export const ENTRIES = Object.entries(exports)
  .filter(([, target]) => typeof target !== "string")
  .map(([path, target]) => ({
    name: path === "." ? "index" : path.slice("./".length),
    specifier: `${PACKAGE}${path.slice(1)}`,
    files: filesOf(target),
  }));

/** The programs, by the folders that they are built into. */
export const PROGRAMS = Object.values(bin).map((file) => ({ name: file.split("/").at(-2) ?? "", file }));

/** Every file that a target of `exports` names, under whatever conditions. */
function filesOf(target) {
  return typeof target === "string" ? [target.replace("./", "")] : Object.values(target).flatMap(filesOf);
}
