// Puts a runtime under the conformance suite: the built package, in a process of that runtime, at every door that it
// serves.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf, runtimeOf, runtimeProblem } from "../../scripts/runtimes.mjs";
import { engineDriver } from "../conformance/apps/engine.js";
import { expressDriver } from "../conformance/apps/express.js";
import { fastifyDriver } from "../conformance/apps/fastify.js";
import { honoDriver } from "../conformance/apps/hono.js";
import { koaDriver } from "../conformance/apps/koa.js";
import type { Cell, Format } from "../conformance/cell.js";
import type { Place } from "../conformance/place.js";
import { conformance, useCell } from "../conformance/suite.js";
import { Visitor } from "../conformance/visitor.js";
import { type Launch, type Remote, startRemote } from "./remote.js";

const DRIVERS = [engineDriver, expressDriver, fastifyDriver, koaDriver, honoDriver];

/** How a runtime's program is started, in a project's folder. */
export type LaunchProgram = (program: string, folder: string) => ReturnType<Launch>;

/** The suite at every door of a runtime. `own` are promises of the runtime's own, by Hono's. */
export function onRuntime(
  name: string,
  launch: LaunchProgram,
  {
    cannot = {},
    own,
  }: { cannot?: Place["cannot"]; own?: (cell: () => Cell, remote: () => Remote) => void } = {},
): void {
  const runtime = runtimeOf(name);
  const problem = runtimeProblem(runtime);
  if (problem !== undefined) {
    // Skipped tests are printed by their names: the reason is the name.
    it.skip(`${runtime.title}: ${problem}`);
    return;
  }
  describe(runtime.title, () => {
    let remote: Remote;
    beforeAll(async () => {
      remote = await startRemote(runtime, (folder) => launch(programOf(runtime), folder));
    });
    afterAll(() => remote?.stop());
    const place: Place = {
      runtime: name,
      cannot,
      start: (driver, settings) => remote.place.start(driver, settings),
    };
    for (const driver of DRIVERS.filter(({ name }) => runtime.doors.includes(name))) {
      // What needs of a runtime what the rest does not, Web Crypto and streams, by one door.
      const formats: Format[] = driver === honoDriver ? ["json", "sealed"] : ["json"];
      conformance(driver, { place, formats });
    }
    describe("another framework's cookie at Hono", () => {
      const cell = useCell({ driver: honoDriver, format: "json", place });
      it.each([
        ["express-session", expressDriver],
        ["koa-session", koaDriver],
      ] as const)("is read and set as %s does", async (cookieOf, { idIn, cookiesFor }) => {
        const app = await cell().start({ cookieOf });
        const visitor = cell().visitor(app);
        await visitor.set("n", 1);
        const id = idIn(visitor.cookies) ?? "";
        expect(visitor.cookies).toEqual(cookiesFor(id));
        expect((await new Visitor(app.origin, cookiesFor(id)).read()).data).toEqual({ n: 1 });
        await visitor.visit({ do: "destroy" });
        expect([...visitor.cookies]).toEqual([]);
      });
    });
    if (own) {
      describe("its own", () => {
        own(useCell({ driver: honoDriver, format: "json", place, column: "its own" }), () => remote);
      });
    }
  });
}
