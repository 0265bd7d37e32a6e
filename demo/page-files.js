// The page's files, read once from their folder: the same for every framework.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

const FOLDER = new URL("./page/", import.meta.url);
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @typedef {Map<string, { type: string, body: Buffer, etag: string }>} PageFiles by path, such as `/style.css` */

/** @returns {Promise<PageFiles>} */
export async function readPageFiles() {
  const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES);
  const bodies = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER))));
  const files = new Map(
    names.map((name, index) => {
      const body = bodies[index];
      const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
      return [`/${name}`, { type: TYPES[extname(name)], body, etag }];
    }),
  );
  return files.set("/", files.get("/index.html"));
}
