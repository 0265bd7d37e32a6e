// `npm run fetch`: brings the extras of `scripts/extras.mjs` into `.extras/`, checked against their pinned integrity.
// What is there and whole is left alone. No install script of any package runs.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EXTRAS, EXTRAS_FOLDER, extraFolder, isWhole, STAMP, sha512 } from "./extras.mjs";

const run = promisify(execFile);

for (const extra of EXTRAS) {
  const start = performance.now();
  try {
    const outcome = isWhole(extra) ? "present" : await fetchExtra(extra);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${extra.title}: ${outcome} (${seconds} s)`);
  } catch (error) {
    console.error(`${extra.title}: ${error.message}`);
    process.exitCode = 1;
  }
}

async function fetchExtra(extra) {
  await mkdir(EXTRAS_FOLDER, { recursive: true });
  // Beside the target, because a rename is atomic only within one file system.
  const temporary = await mkdtemp(join(EXTRAS_FOLDER, ".fetch-"));
  try {
    const unpacked = join(temporary, "unpacked");
    await mkdir(unpacked);
    if (extra.lockedBy === undefined) await unpack(await download(extra, temporary), extra.inside, unpacked);
    else await install(extra, unpacked);
    const stamp = { integrity: extra.integrity, sizes: await sizesOf(unpacked) };
    await writeFile(join(unpacked, STAMP), JSON.stringify(stamp));
    await moveInto(unpacked, extra);
    return "fetched";
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function download(extra, folder) {
  try {
    // The log level is given, since `npm run --silent` hands its own on, and npm would not say what went wrong.
    const options = ["--pack-destination", folder, "--ignore-scripts", "--loglevel=error"];
    await run("npm", ["pack", extra.spec, ...options]);
  } catch (error) {
    throw new Error(`npm could not fetch ${extra.spec}:\n${(error.stderr || error.message).trim()}`);
  }
  const [name] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error(`npm pack ${extra.spec} left no tarball`);
  const tarball = join(folder, name);
  const integrity = sha512(await readFile(tarball));
  if (integrity !== extra.integrity) {
    throw new Error(`${extra.spec} is not the pinned tarball: expected ${extra.integrity}, got ${integrity}`);
  }
  return tarball;
}

async function install(extra, folder) {
  for (const file of ["package.json", "package-lock.json"]) {
    await copyFile(join(extra.lockedBy, file), join(folder, file));
  }
  try {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
    });
  } catch (error) {
    throw new Error(`npm could not install ${extra.lockedBy}:\n${(error.stderr || error.message).trim()}`);
  }
}

async function unpack(tarball, inside, folder) {
  const depth = inside.split("/").length;
  await run("tar", ["-xzf", tarball, "-C", folder, `--strip-components=${depth}`, inside]);
}

async function sizesOf(folder) {
  const sizes = {};
  for (const file of await readdir(folder, { recursive: true })) {
    const found = await stat(join(folder, file));
    if (found.isFile()) sizes[file] = found.size;
  }
  return sizes;
}

async function moveInto(unpacked, extra) {
  const folder = extraFolder(extra.name);
  await rm(folder, { recursive: true, force: true });
  try {
    await rename(unpacked, folder);
  } catch (error) {
    // Another fetch, running at the same time, may have put the same extra there first.
    if (!isWhole(extra)) throw error;
  }
}
