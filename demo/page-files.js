// The page's files, read once from their folder: the same for every framework.
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

const FOLDER = new URL("./page/", import.meta.url);
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @typedef {Map<string, { type: string, body: Buffer }>} PageFiles by path, such as `/style.css` */

/** @returns {Promise<PageFiles>} */
export async function readPageFiles() {
  const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES);
  const bodies = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER))));
  const files = new Map(
    names.map((name, index) => [`/${name}`, { type: TYPES[extname(name)], body: bodies[index] }]),
  );
  return files.set("/", files.get("/index.html"));
}
