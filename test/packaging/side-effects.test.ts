// `sideEffects: false` keeps its word: whoever imports one thing is given that and what it needs, by every bundler, and
// whoever uses nothing is given nothing.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ENTRIES } from "../../scripts/entries.mjs";
import { BUNDLERS, type Bundler } from "./bundlers.js";
import { type Consumer, DEPENDENCIES, EXPRESS, HONO, makeConsumer, PACKAGE } from "./consumer.js";

/** Says in the SDK what every request of its DynamoDB client is for. */
const SDK = "DynamoDB_20120810";
const CIPHER = "AES-GCM";

let consumer: Consumer;
/** One in whose copy of the package the field is missing: what the same bundles hold without it. */
let without: Consumer;

beforeAll(async () => {
  [consumer, without] = await Promise.all([makeProject(), makeProject()]);
  const file = join(without.folder, "node_modules", PACKAGE, "package.json");
  const { sideEffects, ...manifest } = JSON.parse(await readFile(file, "utf8"));
  expect(sideEffects).toBe(false);
  await writeFile(file, JSON.stringify(manifest));
});
afterAll(() => Promise.all([consumer, without].map((one) => one.remove())));

function makeProject(): Promise<Consumer> {
  return makeConsumer(inject("tarball"), [...DEPENDENCIES, ...EXPRESS, ...HONO]);
}

/** What a bundler makes of code in a project. */
async function bundled({ folder }: Consumer, { name, extension, bundle }: Bundler, code: string) {
  const entry = join(folder, `${name}.mjs`);
  const outfile = join(folder, "bundles", `${name}${extension}`);
  await writeFile(entry, code);
  await bundle({ entry, outfile, minify: true });
  const text = await readFile(outfile, "utf8");
  return { text, bytes: Buffer.byteLength(text) };
}

const UNUSED = [
  ...ENTRIES.map(({ specifier }, i) => `import * as entry${i} from "${specifier}";`),
  "console.log('nothing of them');",
].join("\n");

const ONE_OF_EACH = `
  import { compress } from "${PACKAGE}/codecs";
  import { DEFAULTS } from "${PACKAGE}/core";
  console.log(DEFAULTS.timeout, compress());
`;

const SLOW = { timeout: 120_000 };

/** What a bundler itself puts around a program of one line. */
const WRAPPING_BYTES = 300;

for (const bundler of BUNDLERS) {
  it(`whoever imports every entry and uses none is given nothing by ${bundler.name}`, SLOW, async () => {
    const { text, bytes } = await bundled(consumer, bundler, UNUSED);
    expect(text).toContain("nothing of them");
    expect(bytes).toBeLessThan(WRAPPING_BYTES);
  });
}

// webpack takes ten times as long, and sees what it is asked above by the same field.
const QUICK = BUNDLERS.filter(({ name }) => name !== "webpack");

for (const bundler of QUICK) {
  describe(`by ${bundler.name}`, () => {
    it("that is the field's doing: without it all of them are there", async () => {
      const { bytes } = await bundled(without, bundler, UNUSED);
      expect(bytes).toBeGreaterThan(10 * WRAPPING_BYTES);
    });

    it("whoever imports the defaults and a compressor is given no cipher and no SDK", async () => {
      const { text } = await bundled(consumer, bundler, ONE_OF_EACH);
      expect(text).toContain("deflate-raw");
      expect(text).not.toContain(CIPHER);
      expect(text).not.toContain(SDK);
    });

    it("whoever makes an engine is given the SDK: the texts above are those to look for", async () => {
      const code = `
      import { createSessionEngine } from "${PACKAGE}/core";
      import { seal } from "${PACKAGE}/codecs";
      createSessionEngine({ table: { name: "sessions" }, codec: seal({ keys: ["a key"] }) });
    `;
      const { text } = await bundled(consumer, bundler, code);
      expect(text).toContain(CIPHER);
      expect(text).toContain(SDK);
    });
  });
}
