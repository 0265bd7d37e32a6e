// What another framework keeps in a session that Hono serves with its cookie: no handler sees it, none can remove it, and
// data that would take its place is refused.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expressCookie } from "../../src/cookies/express.js";
import { koaCookie } from "../../src/cookies/koa.js";
import type { Session } from "../../src/hono/index.js";
import { type HonoBench, makeHonoBench, SECRET } from "../support/hono-apps.js";

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

const FRAMEWORKS = [
  ["express-session", "cookie", () => expressCookie({ secret: SECRET, name: "session" })],
  ["koa-session", "_maxAge", () => koaCookie({ keys: [SECRET], key: "session" })],
] as const;

describe.each(FRAMEWORKS)("what %s keeps under the name %s", (framework, field, cookie) => {
  const appOf = () => bench.app({}, cookie());
  const refused = (name: string) => ({
    code: "ERR_SESSION_UNSERIALIZABLE",
    message: expect.stringContaining(`${framework} keeps its own under the name of the field "${name}"`),
  });

  it.each<[string, (session: Session) => unknown]>([
    ["set", (session) => session.set(field, undefined)],
    ["set with others", (session) => session.set({ [field]: undefined })],
    ["unset", (session) => session.unset(field)],
    ["replace", (session) => session.replace({ n: 1 })],
    ["update", (session) => session.update(() => ({ n: 1 }))],
    ["regenerate", (session) => session.regenerate({ n: 1 })],
  ])("stays, and is not seen: %s", async (_, change) => {
    const visitor = appOf().visitor();
    const made = await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 1);
      await session.save();
      return session.id;
    });
    const { [field]: kept } = await bench.data(made.said);
    expect(kept).toBeDefined();
    const { said } = await visitor.visit(async ({ var: { session } }) => {
      await change(session);
      await session.save();
      return [await session.get(), session.id];
    });
    expect(said[0]).toEqual({ n: 1 });
    expect((await bench.data(said[1]))[field]).toEqual(kept);
  });

  it("is no other's to set, in a session that is there and in a new one", async () => {
    const app = appOf();
    const visitor = app.visitor();
    await visitor.visit((c) => {
      c.var.session.set("n", 1);
      c.var.session.flash("notice", "pending");
    });
    const fields = { [field]: "text", n: 2 };
    const changes: ((session: Session) => unknown)[] = [
      (session) => session.set(fields),
      (session) => session.replace(fields),
      (session) => session.regenerate(fields),
      (session) => session.update(() => fields),
      (session) => session.update(async () => fields),
    ];
    for (const one of [visitor, app.visitor()]) {
      for (const change of changes) {
        const { status } = await one.visit((c) => change(c.var.session));
        expect(status).toBe(500);
        expect(app.errors.splice(0)).toEqual([expect.objectContaining(refused(field))]);
      }
    }
    expect((await visitor.visit((c) => c.var.session.get())).said).toEqual({ n: 1 });
  });
});
