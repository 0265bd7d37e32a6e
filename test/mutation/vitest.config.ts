// How Stryker runs tests: those that test/mutation/held-by.json names of a file, whether they ask a table or not. The
// tests of all doors (test/conformance), of several processes and of packages are not among them: one mutant would take
// minutes.
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import suite from "../../vitest.config.js";

/** The quick ones first: the first test that fails ends the run. */
class PureFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const asksTable = ({ moduleId }: TestSpecification) => Number(moduleId.endsWith(".api.test.ts"));
    return files.toSorted((one, other) => asksTable(one) - asksTable(other));
  }
}

export default defineConfig({
  test: {
    name: "mutation",
    env: suite.test?.env,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    include: ["test/{core,codecs,express,koa,hono}/**/*.test.ts"],
    globalSetup: "test/support/global-setup.ts",
    sequence: { sequencer: PureFirst },
    // Each mutant has a thread of its own, in which all its tests share what is loaded.
    isolate: false,
  },
});
