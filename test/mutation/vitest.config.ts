import { defineConfig } from "vitest/config";
import suite from "../../vitest.config.js";

export default defineConfig({
  test: {
    name: "mutation",
    env: suite.test?.env,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    include: ["test/{core,codecs,express,koa,hono}/**/*.test.ts"],
    globalSetup: "test/support/global-setup.ts",
    isolate: false,
  },
});
