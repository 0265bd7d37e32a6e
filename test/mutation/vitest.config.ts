// How Stryker runs the tests that scripts/mutation.mjs names, whether they ask a table or not.
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
    // Not by Stryker's own option `testFiles`: with that, version 9.6 never meets a mutant of what a module does when it is
    // loaded.
    include: process.env.SESSION_STORE_MUTATION_TESTS?.split(","),
    globalSetup: "test/support/global-setup.ts",
    sequence: { sequencer: PureFirst },
    setupFiles: "test/mutation/setup.mjs",
    isolate: false,
  },
});
