// An application of Hono's with the middleware, which knows nothing of what serves it.
import { Hono } from "hono";
import { type SessionEnv, session } from "../../../src/hono/index.js";
import { answerRequest, type Lab, PASSIVE_HEADER, SECRET, STEPS_HEADER } from "../protocol.js";
import { foreignCookie } from "./foreign-cookie.js";

export function honoApp(lab: Lab): Hono<SessionEnv> {
  const app = new Hono<SessionEnv>();
  const own = { secret: SECRET, cookie: { maxAge: lab.settings.cookieMaxAge, secure: false } };
  const cookie = foreignCookie(lab);
  app.use(
    session<SessionEnv>({
      ...lab.options,
      ...(cookie ? { cookie } : own),
      renew: (c) => c.req.header(PASSIVE_HEADER) === undefined,
    }),
  );
  app.get("/", async (c) => {
    const { session } = c.var;
    const answer = await answerRequest(
      c.req.header(STEPS_HEADER),
      {
        read: () => session.get(),
        set: (key, value) => session.set(key, value),
        unset: (key) => session.unset(key),
        // What is read is frozen.
        change: async (key, change) => session.set(key, change(structuredClone(await session.get(key)))),
        update: (change) => session.update(change),
        save: () => session.save(),
        regenerate: () => session.regenerate(),
        destroy: () => session.destroy(),
        setMaxAge() {},
      },
      lab,
    );
    return c.json(answer);
  });
  app.onError((error, c) => c.json(lab.failed(error), 500));
  return app;
}
