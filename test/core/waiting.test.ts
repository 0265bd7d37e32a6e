// Waiting that is called off.
import { expect, it } from "vitest";
import { sleep } from "../../src/core/waiting.js";

it("ends when it is called off, also before it began", async () => {
  const stop = new AbortController();
  const waits = sleep(600_000, stop.signal);
  stop.abort();
  expect(await waits).toBeUndefined();
  expect(await sleep(600_000, stop.signal)).toBeUndefined();
});
