// The reference of the package's entries, made of their doc comments: `npm run reference`. Whatever they export has a
// comment, or this fails: each function, class, type, option and field of a result.
import { ENTRIES } from "./scripts/entries.mjs";

/** The source that each entry is built of; the package itself and its Express entry are one. */
const sources = ENTRIES.flatMap(({ files }) => files)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace(/^dist\/(.*)\.js$/, "src/$1.ts"));

const features = ["sessions", "owner", "lists", "migrate", "names", "check", "create"];

/** What the comment of its type, or of its variant, says already. */
const saidByTheType = [
  ...["core", "express", "koa"].map((entry) => `${entry}.UpdateResult.__type.outcome`),
  ...["express", "koa"].map((entry) => `${entry}.UpdateResult.__type.data`),
  "core.TouchResult.__type.outcome",
  "core.SessionEvent.__type.type",
  "hono.SessionEnv.Variables",
  "hono.SessionVariable.__type.Variables",
  "hono.SessionOptions.__type.cookie.__type.read",
  ...features.flatMap((feature) =>
    ["", ".__type.table", ".__type.previous"].map((part) => `admin.PERMISSIONS.__type.${feature}${part}`),
  ),
];

/** @type {import("typedoc").TypeDocOptions} */
export default {
  name: "@cyclic.sh/session-store",
  entryPoints: [...new Set(sources)],
  tsconfig: "tsconfig.reference.json",
  out: ".artifacts/reference",
  readme: "none",
  // The pass `types` does that.
  skipErrorChecking: true,
  // What doors and tests ask of the core, and users do not.
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  validation: {
    notExported: true,
    notDocumented: true,
    invalidLink: true,
    rewrittenLink: true,
    invalidPath: true,
    unusedMergeModuleWith: true,
  },
  intentionallyNotDocumented: saidByTheType,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
};
