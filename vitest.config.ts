// The test suite as projects: what needs nothing, the suite of the DynamoDB API against each of two emulators, the packed
// package, that in the examples, in a browser, and on other runtimes. `npm test` runs them one after the other; `npx vitest --project pure` runs one.
import { devNull } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const apiTests = "test/**/*.api.test.ts";
const compatTests = "test/compat/**/*.api.test.ts";
const packagingTests = "test/packaging/**/*.test.ts";
const runtimeTests = "test/runtimes/**/*.test.ts";
const exampleTests = "test/examples/**/*.test.ts";
const processTests = "test/processes/**/*.test.ts";
const faultTests = "test/faults/**/*.test.ts";
const fuzzTests = "test/fuzz/**/*.test.ts";
const priceTests = "test/processes/price.test.ts";
const loadTests = "test/load/**/*.test.ts";
const iacTests = "test/iac/**/*.test.ts";
const browserTests = "test/browser/**/*.test.ts";

const emulators = ["dynalite", "dynamodb-local"];
const globalSetup = "test/support/global-setup.ts";
const packed = "test/packaging/global-setup.ts";

function project(test: TestProjectInlineConfiguration["test"]): TestProjectInlineConfiguration {
  return { extends: true, test };
}

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Its own choice leaves one processor idle: of two, that is half of the time.
    maxWorkers: 2,
    // How fast the machine is must not matter.
    expect: { poll: { timeout: 10_000 } },
    // No test may find credentials of the machine it runs on, or ask the network for some.
    env: {
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      // The SDK's warning that it will leave Node 20, printed once per test file otherwise, says nothing about this package.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    projects: [
      project({
        name: "pure",
        include: ["test/**/*.test.ts"],
        exclude: [
          apiTests,
          packagingTests,
          runtimeTests,
          exampleTests,
          processTests,
          faultTests,
          fuzzTests,
          loadTests,
          iacTests,
          browserTests,
        ],
      }),
      ...emulators.flatMap((emulator) => [
        project({ name: emulator, include: [apiTests], exclude: [compatTests], globalSetup }),
        project({ name: `compat-${emulator}`, include: [compatTests], globalSetup }),
      ]),
      project({
        name: "packaging",
        include: [packagingTests],
        globalSetup: [globalSetup, packed],
      }),
      project({ name: "iac", include: [iacTests] }),
      project({ name: "processes", include: [processTests], exclude: [priceTests], globalSetup }),
      project({ name: "faults", include: [faultTests], globalSetup }),
      project({ name: "fuzz", include: [fuzzTests], globalSetup }),
      project({ name: "load", include: [loadTests], globalSetup }),
      // No pass of `npm test`: `npm run concurrency`.
      project({ name: "price", include: [priceTests], globalSetup }),
      project({ name: "examples", include: [exampleTests], globalSetup: [globalSetup, packed] }),
      project({
        name: "browser",
        include: [browserTests],
        globalSetup: [globalSetup, packed],
        // A browser takes seconds to come up on a machine that has other work.
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
      project({ name: "runtimes", include: [runtimeTests], globalSetup: [globalSetup, packed] }),
    ],
  },
});
