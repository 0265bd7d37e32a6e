// The Hono middleware.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { type SessionEnv, session } from "../../../src/hono/index.js";
import type { Driver } from "../driver.js";
import { answerRequest, PASSIVE_HEADER, STEPS_HEADER } from "../protocol.js";
import { SECRET, serve } from "./serve.js";

export const honoDriver: Driver = {
  name: "hono",
  idIn: (cookies) => cookies.get("session")?.split(".")[0],
  rowOutlivesCookieBy: 0,
  cannot: { changeLifetime: "a cookie's lifetime is the middleware's, and no session's own" },
  start(lab) {
    const app = new Hono<SessionEnv>();
    app.use(
      session<SessionEnv>({
        ...lab.options,
        secret: SECRET,
        cookie: { maxAge: lab.settings.cookieMaxAge, secure: false },
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
    const close = async () => {};
    return serve(getRequestListener(app.fetch), close);
  },
};
