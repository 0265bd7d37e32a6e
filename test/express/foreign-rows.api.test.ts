// Sessions that an Express application shares with others: fields that express-session's objects cannot hold survive its
// saves, and a session that another framework made gets along without a cookie in its data.
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  cookieFor,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  startApp,
} from "../support/express-apps.js";
import { isRead, putRow, type Row, testClient } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;

/** Another application over the same table, which knows nothing of express-session. */
function startNeighbour() {
  const client = testClient();
  const engine = createSessionEngine({ client, table: { name: bench.table } });
  onTestFinished(async () => {
    await engine.close();
    client.destroy();
  });
  return engine;
}

/** A session that another application made, for a day unless told, and an Express application whose visitor has it. */
async function share(data: object, options: AppOptions = {}, maxAge = 24 * HOUR) {
  const id = newId();
  const neighbour = startNeighbour();
  await neighbour.save(id, data, { maxAge });
  const { store, actions } = bench.store();
  const app = await startApp({ store, ...options });
  const visitor = app.visitor(cookieFor(id));
  const writes = () => actions().filter((action) => !isRead(action));
  return { id, neighbour, store, app, visitor, writes };
}

const ownFields: Handler = ({ session: { cookie: _, ...fields } }) => fields;
const everyWayToSave: AppOptions[] = [
  { resave: false },
  { resave: true },
  { resave: false, rolling: true },
  { resave: true, rolling: true },
];

const plainCookie = { originalMaxAge: null, expires: null, httpOnly: true, path: "/" };

const names =
  "constructor toString save id req __proto__ touch reload destroy regenerate resetMaxAge hasOwnProperty";

describe.each(names.split(" "))("a field called %s, which express-session's session cannot hold,", (name) => {
  const withField = (fields: object, value: unknown = "theirs") =>
    JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify(fields).slice(1)}`);
  const fieldOf = (data: object) => Object.entries(data).find(([field]) => field === name)?.[1];

  it("survives the saves of an Express application, which never sees it", async () => {
    const { app, id, visitor } = await share(withField({ n: 1, other: true, cookie: plainCookie }));
    const changed = await visitor.visit(async (req) => {
      const seen = { ...req.session };
      req.session.n = 2;
      await done((callback) => req.session.save(callback));
      delete req.session.other;
      return seen;
    });
    expect(changed).toMatchObject({ status: 200, id });
    expect(Object.keys(changed.said).sort()).toEqual(["cookie", "n", "other"]);
    const data = await bench.data(id);
    expect(fieldOf(data)).toBe("theirs");
    expect(Object.keys(data).sort()).toEqual(["cookie", "n", name].sort());
    expect((await visitor.visit(ownFields)).said).toEqual({ n: 2 });
    expect(app.errors).toEqual([]);
  });

  it.each([{ resave: false }, { resave: true }])(
    "does not make a request that only reads write: %o",
    async (options) => {
      const { app, visitor, writes } = await share(withField({ n: 1, cookie: plainCookie }), options);
      expect((await visitor.visit(ownFields)).said).toEqual({ n: 1 });
      await visitor.visit((req) => done((callback) => req.session.reload(callback)));
      await visitor.visit((req) => done((callback) => req.session.save(callback)));
      expect(writes()).toEqual([]);
      expect(app.errors).toEqual([]);
    },
  );

  it("survives as another has changed it meanwhile", async () => {
    const { id, neighbour, visitor } = await share(withField({ n: 1, cookie: plainCookie }));
    await visitor.visit(async (req) => {
      await neighbour.update(id, () => withField({ n: 1, cookie: plainCookie }, "changed"));
      req.session.n = 2;
    });
    const data = await bench.data(id);
    expect(fieldOf(data)).toBe("changed");
    expect(data.n).toBe(2);
  });

  it("survives a change of the cookie alone", async () => {
    const { id, visitor } = await share(withField({ n: 1, cookie: plainCookie }));
    await visitor.visit((req) => {
      req.session.cookie.maxAge = 5000;
    });
    const data = await bench.data(id);
    expect(fieldOf(data)).toBe("theirs");
    expect(data).toMatchObject({ n: 1, cookie: { originalMaxAge: 5000 } });
  });
});

describe.each(everyWayToSave)("a session without a cookie in its data, with %o,", (options) => {
  const cookieOptions: { how: string; cookie: AppOptions["cookie"]; maxAge?: number }[] = [
    { how: "by default", cookie: undefined },
    {
      how: "by its options",
      cookie: { maxAge: HOUR, sameSite: "lax", httpOnly: false },
      maxAge: HOUR,
    },
    {
      how: "by a function of the request",
      cookie: (req) => ({ maxAge: Number(req.headers["x-max-age"]), path: "/" }),
      maxAge: 2 * HOUR,
    },
    {
      how: "by the connection",
      cookie: { secure: "auto", sameSite: "auto" as never, maxAge: HOUR },
      maxAge: HOUR,
    },
  ];

  it.each(cookieOptions)(
    "has the cookie that the application gives its new sessions $how",
    async ({ cookie, maxAge }) => {
      const { app, id, visitor } = await share({ n: 1 }, { ...options, proxy: true, cookie }, maxAge);
      Object.assign(visitor.headers, { "x-max-age": String(2 * HOUR), "x-forwarded-proto": "https" });
      const shown: Handler = (req) => JSON.parse(JSON.stringify(req.session.cookie));
      const stranger = app.visitor();
      Object.assign(stranger.headers, visitor.headers);
      const ofNew = await stranger.visit(shown);
      const ofShared = await visitor.visit((req, res) => [
        ownFields(req, res),
        req.session.id,
        shown(req, res),
      ]);
      expect(ofShared.said).toEqual([{ n: 1 }, id, ofNew.said]);
      expect(ofShared.id).toBe(id);
      expect(app.errors).toEqual([]);
    },
  );

  it.each(cookieOptions)(
    "does not get that in its row by reading, nor by saving: a cookie $how",
    async ({ cookie, maxAge }) => {
      const { app, id, visitor, writes } = await share({ n: 1 }, { ...options, proxy: true, cookie }, maxAge);
      Object.assign(visitor.headers, { "x-max-age": String(2 * HOUR), "x-forwarded-proto": "https" });
      await visitor.visit(ownFields);
      time.pass(1);
      await visitor.visit((req) => done((callback) => req.session.reload(callback)));
      await visitor.visit((req) => done((callback) => req.session.save(callback)));
      expect(writes()).toEqual([]);
      await visitor.visit(async (req) => {
        for (const n of [2, 3]) {
          req.session.n = n;
          time.pass(1);
          await done((callback) => req.session.save(callback));
        }
        time.pass(1);
      });
      expect(writes()).toEqual(["UpdateItem", "UpdateItem"]);
      expect(await bench.data(id)).toEqual({ n: 3 });
      expect(app.errors).toEqual([]);
    },
  );

  describe("of an application whose genid will not be asked for nothing", () => {
    const genid = () => {
      throw new Error("needs a whole request");
    };
    const ofApp = { ...options, genid, cookie: { sameSite: "lax" } } as const;

    it("has a plain one, and the request goes on", async () => {
      const { app, id, visitor } = await share({ n: 1 }, ofApp);
      const seen = await visitor.visit((req) => JSON.parse(JSON.stringify(req.session.cookie)));
      const plain = { originalMaxAge: null, httpOnly: true, path: "/" };
      expect(seen).toMatchObject({ status: 200, id, said: plain });
      expect(seen.said).not.toHaveProperty("sameSite");
      expect(app.errors).toEqual([]);
    });

    it("does not get that in its row either", async () => {
      const { id, visitor, writes } = await share({ n: 1 }, ofApp);
      await visitor.visit(ownFields);
      expect(writes()).toEqual([]);
      await visitor.visit((req) => {
        req.session.n = 2;
      });
      expect(await bench.data(id)).toEqual({ n: 2 });
    });
  });

  it("is touched, and lives on for as long as the application's sessions do", async () => {
    const { id, visitor, writes } = await share(
      { n: 1 },
      { ...options, cookie: { maxAge: 2 * HOUR } },
      2 * HOUR,
    );
    time.pass(30_000);
    await visitor.visit(ownFields);
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await bench.data(id)).toEqual({ n: 1 });
    expect((await bench.row(id))?.until).toEqual({ N: String(time.now() + 2 * HOUR) });
  });

  it("gets a cookie in its row when the application gives it one of its own", async () => {
    const { id, visitor, writes } = await share({ n: 1 }, { ...options, cookie: { maxAge: HOUR } }, HOUR);
    await visitor.visit((req) => {
      req.session.cookie.maxAge = 60_000;
    });
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await bench.data(id)).toMatchObject({ n: 1, cookie: { originalMaxAge: 60_000, path: "/" } });
    time.pass(1000);
    expect((await visitor.visit((req) => req.session.cookie.originalMaxAge)).said).toBe(60_000);
  });

  it("can be regenerated and destroyed", async () => {
    const { id, app, visitor } = await share({ n: 1 }, options);
    const renewed = await visitor.visit(async (req) => {
      await done((callback) => req.session.regenerate(callback));
      req.session.n = 2;
    });
    expect(renewed.id).not.toBe(id);
    expect(await bench.row(id)).toBeUndefined();
    expect((await bench.data(renewed.id)).cookie).toEqual(plainCookie);
    await visitor.visit((req) => done((callback) => req.session.destroy(callback)));
    expect(await bench.row(renewed.id)).toBeUndefined();
    expect(app.errors).toEqual([]);
  });
});

describe("a session that cannot be had by a request", () => {
  it("is loaded by store.load too, with express-session's own cookie", async () => {
    const { id, store } = await share({ n: 1 });
    const loaded = await new Promise<unknown>((resolve) => {
      store.load(id, (_error, session) => resolve(session));
    });
    expect(JSON.parse(JSON.stringify(loaded))).toMatchObject({ n: 1, cookie: { path: "/", httpOnly: true } });
  });
});

describe("a session of 0.0.19", () => {
  it.each<{ what: string; cookie: Row }>([
    {
      what: "a whole cookie",
      cookie: {
        originalMaxAge: { NULL: true },
        expires: { NULL: true },
        httpOnly: { BOOL: true },
        path: { S: "/" },
      },
    },
    { what: "a cookie that says little", cookie: { originalMaxAge: { NULL: true } } },
  ])("with $what is read by an Express application, which does not write it by that", async ({ cookie }) => {
    const { store, actions } = bench.store({ format: "map" });
    const id = newId();
    const key = { S: `session-store#${id}` };
    await putRow(bench.client, bench.table, {
      pk: key,
      sk: key,
      expires: { N: String(time.now() / 1000 + 60) },
      sess: { M: { user: { S: "ada" }, cookie: { M: cookie }, updated: { N: String(time.now()) } } },
    });
    const app = await startApp({ store });
    const visitor = app.visitor(cookieFor(id));
    expect((await visitor.visit(ownFields)).said).toEqual({ user: "ada" });
    expect(actions()).toEqual(["GetItem"]);
    await visitor.visit((req) => {
      req.session.user = "grace";
    });
    expect(await store.get(id)).toMatchObject({ user: "grace" });
    expect(app.errors).toEqual([]);
  });
});

describe("a session whose cookie in the row express-session cannot use", () => {
  const unusable = [
    { expires: "soon" },
    { maxAge: "1 day" },
    { originalMaxAge: "60000" },
    { originalMaxAge: 1e300 },
    { path: "/\r\nx" },
    { domain: "a;b" },
    { sameSite: "sometimes" },
    { serialize: "not a function" },
  ];

  it("is known for that though the one before could be used", async () => {
    const { app, neighbour, visitor } = await share({
      n: 1,
      cookie: { ...plainCookie, originalMaxAge: 60_000 },
    });
    expect((await visitor.visit(ownFields)).said).toEqual({ n: 1 });
    const id = newId();
    await neighbour.save(id, { n: 2, cookie: { ...plainCookie, originalMaxAge: "60000" } });
    expect((await app.visitor(cookieFor(id)).visit(ownFields)).said).toEqual({ n: 2 });
    expect(app.errors).toEqual([]);
  });

  it.each(unusable)("is served with the application's own, and saved with it: %j", async (fields) => {
    const { app, id, visitor } = await share({ user: "ada", cookie: { ...plainCookie, ...fields } });
    const visited = await visitor.visit(async (req, res) => {
      const seen = req.session.user;
      req.session.n = 1;
      // Without a body the headers leave in the store's own callback.
      const closed = new Promise((resolve) => res.once("close", resolve));
      res.end();
      await closed;
      return seen;
    });
    expect(visited).toMatchObject({ status: 200, said: "ada", id });
    expect(app.errors).toEqual([]);
    expect(await bench.data(id)).toEqual({ user: "ada", n: 1, cookie: plainCookie });
  });
});

describe("an object that throws when it is read", () => {
  const throwing = (name: string) => ({
    get [name]() {
      throw new TypeError("the application's own");
    },
  });
  const refused = { code: "ERR_SESSION_UNSERIALIZABLE", cause: expect.any(TypeError) };

  it.each([
    { name: "in its cookie", data: throwing("cookie") },
    { name: "in its cookie's fields", data: { cookie: throwing("path") } },
    { name: "in a field", data: throwing("user") },
    { name: "for it was revoked", data: revoked() },
  ])("$name is refused as data that cannot be stored", async ({ data }) => {
    const { store, actions } = bench.store();
    await expect(store.set(newId(), Object(data))).rejects.toMatchObject(refused);
    expect(actions()).toEqual([]);
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
