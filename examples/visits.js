// What the examples have in common: the options of their store and sessions, and whether a file was started by hand.
import { pathToFileURL } from "node:url";

/** The store's options, from the environment. */
export const storeOptions = { table: { name: process.env.TABLE ?? "" } };

/** express-session's options, but for the store. */
export const sessionOptions = {
  secret: process.env.SECRET ?? "only for trying it out, and long enough for all",
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 24 * 60 * 60 * 1000 },
};

/** Whether this module is what `node` was started with. */
export function isMain(meta) {
  return process.argv[1] !== undefined && meta.url === pathToFileURL(process.argv[1]).href;
}
