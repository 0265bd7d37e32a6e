// What becomes of a session whose save has no answer yet, or arrived in the table while its answer was lost, in the same
// request.
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { done, makeStoreBench, type StoreBench, startApp } from "../support/express-apps.js";
import { loseNextAnswer, testClient } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
stopTheClock();

it("a change of the cookie after it, which express-session reports as a touch, takes nothing of it back", async () => {
  const client = testClient({ maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  const { store } = bench.store({ client });
  const app = await startApp({ store, cookie: { maxAge: 60_000 } });
  const visitor = app.visitor();
  const { id } = await visitor.visit((req) => void Object.assign(req.session, { n: 0, list: [] }));
  loseNextAnswer(client, "UpdateItem");
  await visitor.visit(async (req) => {
    Object.assign(req.session, { n: 1, list: ["ours"] });
    await expect(done((callback) => req.session.save(callback))).rejects.toMatchObject({
      code: "ERR_SESSION_UNAVAILABLE",
    });
    req.session.cookie.maxAge = 120_000;
  });
  expect(await bench.data(id)).toMatchObject({
    n: 1,
    list: ["ours"],
    cookie: { originalMaxAge: 120_000 },
  });
});

it.each([
  ["before", ["change", "save"]],
  ["after", ["save", "change"]],
])("a change of the cookie %s a save that nobody waits for takes nothing of that back", async (_, steps) => {
  const { store } = bench.store();
  const app = await startApp({ store, cookie: { maxAge: 60_000 } });
  const visitor = app.visitor();
  const { id } = await visitor.visit((req) => void Object.assign(req.session, { n: 0, list: [] }));
  await visitor.visit((req, res) => {
    Object.assign(req.session, { n: 1, list: ["ours"] });
    for (const step of steps) {
      if (step === "save") req.session.save();
      else req.session.cookie.maxAge = 120_000;
    }
    // By the end of the response the touch has ended that express-session sends last, behind the save.
    res.redirect("/elsewhere");
  });
  expect(await bench.data(id)).toMatchObject({
    n: 1,
    list: ["ours"],
    cookie: { originalMaxAge: 120_000 },
  });
});
