// When the response leaves: after the write, without a cookie when that failed, with the handler's error before ours; and
// what still works when it has left.
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { stream, streamSSE, streamText } from "hono/streaming";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SessionEnv, session } from "../../src/hono/index.js";
import { type HonoBench, holdNext, makeHonoBench, SECRET, visitorOf } from "../support/hono-apps.js";
import { makeSignal } from "../support/time.js";

const unavailable = { code: "ERR_SESSION_UNAVAILABLE" };

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

/** From now on no write arrives. */
function failWrites() {
  bench.proxy.decide = (action) => (action === "GetItem" ? undefined : "drop-before");
}

describe("the response", () => {
  it.each(["a new", "a known"])("leaves after the write of %s session", async (kind) => {
    const { visitor: come, sent } = bench.app();
    const visitor = come();
    if (kind === "a known") await visitor.visit((c) => c.var.session.set("n", 1));
    const action = kind === "a known" ? "UpdateItem" : await actionOfFirstWrite();
    const gate = holdNext(sent, action);
    let left = false;
    const visiting = visitor
      .begin((c) => c.var.session.set("n", 2))
      .then(() => {
        left = true;
      });
    await gate.reached;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(left).toBe(false);
    gate.open();
    await visiting;
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("leaves after the touch", async () => {
    const { visitor: come, sent, clock } = bench.app();
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    clock.pass(3_600_000);
    const gate = holdNext(sent, "UpdateItem");
    let left = false;
    const visiting = visitor
      .begin((c) => c.var.session.get())
      .then(() => {
        left = true;
      });
    await gate.reached;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(left).toBe(false);
    gate.open();
    await visiting;
  });

  it("is the error handler's where the write failed, and sets no cookie", async () => {
    const { visitor: come, errors } = bench.app({ cookie: { rolling: true } });
    const visitor = come();
    failWrites();
    const first = await visitor.visit((c) => c.var.session.set("n", 1));
    expect(first).toMatchObject({ status: 500, text: "failed", setCookies: [] });
    bench.proxy.decide = () => undefined;
    await visitor.visit((c) => c.var.session.set("n", 1));
    failWrites();
    const later = await visitor.visit((c) => c.var.session.set("n", 2));
    expect(later).toMatchObject({ status: 500, text: "failed", setCookies: [] });
    expect(errors).toMatchObject([unavailable, unavailable]);
  });

  it("of the error handler says nothing of the body that is not sent", async () => {
    const { visitor: come, errors } = bench.app();
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    failWrites();
    const failed = await visitor.visit((c) => {
      c.header("cache-control", "public, max-age=31536000");
      c.header("x-of-the-handler", "kept");
      c.var.session.set("n", 2);
      return c.body("a file", 200, {
        "content-length": "6",
        "content-disposition": "attachment",
        "content-encoding": "identity",
        etag: '"1"',
        expires: "Thu, 01 Jan 2099 00:00:00 GMT",
        "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        location: "/elsewhere",
      });
    });
    expect(failed).toMatchObject({ status: 500, text: "failed" });
    const names = [...failed.headers.keys()].sort();
    expect(names).toEqual(["content-type", "x-of-the-handler"]);
    expect(failed.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(errors).toMatchObject([unavailable]);
  });

  it("is the error handler's where the session cannot be loaded to be changed", async () => {
    const { visitor: come, errors } = bench.app();
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    bench.proxy.decide = () => "drop-before";
    expect((await visitor.visit((c) => c.var.session.set("n", 2))).status).toBe(500);
    expect(errors).toMatchObject([unavailable]);
  });
});

describe("a handler's error", () => {
  const thrown: [string, unknown][] = [
    ["an Error", new Error("of the handler")],
    ["an HTTPException", new HTTPException(418, { message: "of the handler" })],
    ["something else", "of the handler"],
  ];

  it.each(thrown)("%s is the request's, and the session is saved even so", async (_, error) => {
    const { visitor: come, errors } = bench.app();
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const failed = await visitor
      .visit(({ var: { session } }) => {
        session.set("n", 2);
        throw error;
      })
      .catch((caught) => [caught]);
    // Hono gives its error handling only what is an Error.
    if (error instanceof Error) expect(errors).toEqual([error]);
    else expect(failed).toEqual([error]);
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("still sets the cookie of a session that was made", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(({ var: { session } }) => {
      session.set("attempts", 1);
      throw new Error("of the handler");
    });
    expect(visit.status).toBe(500);
    expect(await bench.data(visitor.id())).toEqual({ attempts: 1 });
  });

  it.each(thrown)("%s wins over that of the save, which is told to onEvent", async (_, error) => {
    const { visitor, errors, events } = bench.app();
    failWrites();
    const failed = await visitor()
      .visit(({ var: { session } }) => {
        session.set("n", 1);
        throw error;
      })
      .catch((caught) => [caught]);
    if (error instanceof Error) expect(errors).toEqual([error]);
    else expect(failed).toEqual([error]);
    expect(events).toMatchObject([{ type: "error", operation: "save" }]);
  });

  it.each<[string, (c: Context) => Response]>([
    ["made by the context", (c) => c.text("of onError", 404)],
    ["of its own", () => new Response("of onError", { status: 404 })],
  ])("is also what notFound throws, and its cookie goes with a response %s", async (_, onError) => {
    const app = new Hono<SessionEnv>();
    app.use((_c, next) => next());
    app.use(session<SessionEnv>({ table: { name: bench.table }, client: bench.client, secret: SECRET }));
    app.notFound((c) => {
      c.var.session.set("lost", true);
      throw new Error("of notFound");
    });
    app.onError((error, c) => {
      expect(String(error)).toBe("Error: of notFound");
      return onError(c);
    });
    const visitor = visitorOf(app);
    expect(await visitor.visit(() => {}, "/nowhere")).toMatchObject({ status: 404, text: "of onError" });
    expect(await bench.data(visitor.id())).toEqual({ lost: true });
    failWrites();
    expect((await visitorOf(app).visit(() => {}, "/nowhere")).text).toBe("of onError");
    bench.proxy.decide = () => undefined;
  });

  it("is what notFound throws where nothing but the session is on the way", async () => {
    const lonely = new Hono<SessionEnv>();
    lonely.use(session<SessionEnv>({ table: { name: bench.table }, client: bench.client, secret: SECRET }));
    expect((await lonely.request("/")).status).toBe(404);
    lonely.notFound((c) => {
      c.var.session.set("lost", true);
      throw new HTTPException(410);
    });
    const response = await lonely.request("/");
    expect([response.status, response.headers.getSetCookie().length]).toEqual([410, 1]);
  });
});

describe("when the response has left", () => {
  const left = { code: "ERR_SESSION_COMMITTED" };
  type Streamed = (c: Context<SessionEnv>, work: () => Promise<void>) => Response;
  const kinds: [string, Streamed][] = [
    ["stream", (c, work) => stream(c, work)],
    ["streamText", (c, work) => streamText(c, work)],
    ["streamSSE", (c, work) => streamSSE(c, work)],
  ];

  /** A visit whose handler streams: `work` runs when its response has begun. */
  async function visitStreaming(
    visitor: ReturnType<ReturnType<HonoBench["app"]>["visitor"]>,
    work: (c: Context<SessionEnv>) => Promise<void>,
    {
      first = () => {},
      streamed = kinds[0]?.[1],
    }: { first?: (c: Context<SessionEnv>) => unknown; streamed?: Streamed } = {},
  ): Promise<Response> {
    const begun = makeSignal();
    let failure: unknown;
    const response = await visitor.begin(async (c) => {
      await first(c);
      return streamed?.(c, async () => {
        await begun.given;
        // What the callback throws, Hono's helpers only print.
        await work(c).catch((error) => {
          failure = error;
        });
      });
    });
    begun.give();
    await response.text();
    if (failure) throw failure;
    return response;
  }

  it.each(kinds)("changes are refused, in a body of %s", async (_, streamed) => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const expectRefused = async ({ var: { session } }: Context<SessionEnv>) => {
      const calls: (() => void)[] = [
        () => session.set("n", 2),
        () => session.set({ n: 2 }),
        () => session.unset("n"),
        () => session.replace({}),
        () => session.flash("notice", 1),
      ];
      for (const call of calls) expect(call).toThrow(expect.objectContaining(left));
      await expect(session.flash("notice")).rejects.toMatchObject(left);
      await expect(session.regenerate()).rejects.toMatchObject(left);
    };
    await visitStreaming(visitor, expectRefused, { streamed });
    await visitStreaming(visitor, expectRefused, { streamed, first: (c) => c.var.session.get() });
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it.each(kinds)("get and update of a session go on working, in a body of %s", async (_, streamed) => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    await visitStreaming(
      visitor,
      async ({ var: { session } }) => {
        expect(await session.get("n")).toBe(1);
        const increment = () => session.update(({ n }) => ({ n: Number(n) + 1 }));
        expect(await increment()).toEqual({ outcome: "saved" });
        await Promise.all([increment(), increment()]);
        expect(await session.get()).toEqual({ n: 4 });
        expect(await session.save()).toEqual({ outcome: "saved" });
      },
      { streamed },
    );
    expect(await bench.data(visitor.id())).toEqual({ n: 4 });
  });

  it("they do of a session that the request made", async () => {
    const visitor = bench.app().visitor();
    await visitStreaming(
      visitor,
      async ({ var: { session } }) => {
        await session.update((data) => ({ ...data, m: 1 }));
        expect(await session.get()).toEqual({ n: 1, m: 1 });
      },
      { first: (c) => c.var.session.set("n", 1) },
    );
    expect(await bench.data(visitor.id())).toEqual({ n: 1, m: 1 });
  });

  it("what would need a cookie is refused: a new session's update, and regenerate", async () => {
    const before = await bench.countRows();
    const visitor = bench.app().visitor();
    const response = await visitStreaming(visitor, async ({ var: { session } }) => {
      await expect(session.update(() => ({ n: 1 }))).rejects.toMatchObject(left);
      await expect(session.regenerate({ n: 1 })).rejects.toMatchObject(left);
      expect(await session.save()).toEqual({ outcome: "saved" });
      expect(await session.get()).toEqual({});
    });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await bench.countRows()).toBe(before);
  });

  it("a session can still be destroyed", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const id = visitor.id();
    await visitStreaming(visitor, async ({ var: { session } }) => {
      await session.destroy();
      await expect(session.update(() => ({ n: 1 }))).rejects.toMatchObject(left);
    });
    expect(await bench.row(id)).toBeUndefined();
  });

  it("the response did not wait for an update that began after it, nor that for the response", async () => {
    const { visitor: come, sent } = bench.app();
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const done = makeSignal();
    const gate = holdNext(sent, "GetItem");
    const response = await visitor.begin((c) =>
      streamText(c, async (body) => {
        await body.write("begun");
        await new Promise((resolve) => setImmediate(resolve));
        await c.var.session.update(({ n }) => ({ n: Number(n) + 1 }));
        await body.write(", done");
        done.give();
      }),
    );
    await gate.reached;
    gate.open();
    expect(await response.text()).toBe("begun, done");
    await done.given;
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("the response waited for an update that a stream began before it", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit((c) =>
      streamText(c, async (body) => {
        await c.var.session.update(() => ({ n: 1 }));
        await body.write("done");
      }),
    );
    expect(visit.text).toBe("done");
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("a handler that kept the session cannot change it any more", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit((c) => c.var.session);
    expect(() => visit.said.set("n", 1)).toThrow(expect.objectContaining(left));
    expect(() => visit.said.set("n", 1)).toThrow("the response has left");
    await expect(visit.said.flash("notice")).rejects.toMatchObject(left);
  });
});

/** What makes a session's row. */
async function actionOfFirstWrite(): Promise<string> {
  bench.requests();
  await bench
    .app()
    .visitor()
    .visit((c) => c.var.session.set("n", 1));
  return String(bench.requests().at(0));
}
