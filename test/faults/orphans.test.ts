// Whose a session is that nobody was given: of a request that failed and had it saved, or nobody's.
import { expect, it } from "vitest";
import type { Visit } from "../processes/drive.js";
import { withOrphans } from "./orphans.js";

const visit = (more: Partial<Visit> = {}): Visit => ({
  ...{ n: 1, door: "hono", ask: { do: "read" }, sent: undefined, startedAt: 1, endedAt: 2 },
  ...{ status: 500, given: undefined, answer: undefined },
  ...more,
});
const save = { name: "save", session: "s", visit: 1 };

it.each<[string, Visit, typeof save, string | undefined]>([
  ["that a request had saved, and failed", visit(), save, "s"],
  ["that Express had saved, and failed behind its answer", visit({ status: 200, failed: true }), save, "s"],
  ["that another had saved", visit(), { ...save, visit: 2 }, undefined],
  ["that was only read", visit(), { ...save, name: "load" }, undefined],
  ["of a request that was told nothing of a failure", visit({ status: 200 }), save, undefined],
  ["of a request that was given another", visit({ given: "t" }), save, "t"],
  ["that a request came with", visit({ sent: "s" }), save, undefined],
])("a session %s", (_, one, operation, given) => {
  expect(withOrphans([one], ["s"], [operation])[0]?.given).toBe(given);
});
