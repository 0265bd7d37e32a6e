// One session that really ends, by the clock on the wall.
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { makeStoreBench, startApp } from "../support/express-apps.js";

it("a session with a ttl of two seconds is there for two seconds, and no longer", async () => {
  const bench = await makeStoreBench();
  const { store } = bench.store({ ttl: 2000 });
  const app = await startApp({ store });
  const visitor = app.visitor();
  const { id } = await visitor.visit((req) => {
    req.session.user = "ada";
  });
  const until = Number((await bench.row(id))?.until?.N);
  // Read at once, so that it holds on any machine: this may not be the first to see the two seconds over.
  if (Date.now() < until) {
    const data = await store.get(id);
    if (Date.now() < until) expect(data).toMatchObject({ user: "ada" });
  }
  while (Date.now() < until) await delay(until - Date.now());
  const later = await visitor.visit((req) => req.session.user);
  expect(later.said).toBeUndefined();
  expect(later.id).not.toBe(id);
});
