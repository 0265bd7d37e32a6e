// The Hono application.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { SessionStoreOptions } from "../../../src/core/index.js";
import { type SessionEnv, session } from "../../../src/hono/index.js";
import { serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import { SECRET } from "../../conformance/protocol.js";
import { ASK_HEADER } from "../protocol.js";
import { act, askIn } from "./act.js";
import { inVisit } from "./visit.js";

export function startHono(options: SessionStoreOptions, failed: (error: unknown) => void): Promise<Served> {
  const app = new Hono<SessionEnv>();
  app.use(session<SessionEnv>({ ...options, secret: SECRET, cookie: { secure: false } }));
  app.post("/", async (c) => {
    const { session } = c.var;
    const answer = await act(
      askIn(c.req.header(ASK_HEADER)),
      {
        read: () => session.get(),
        set: (key, value) => session.set(key, value),
        unset: (key) => session.unset(key),
        save: () => session.save(),
        update: (change) => session.update(change),
        regenerate: () => session.regenerate(),
        destroy: () => session.destroy(),
      },
      () => c.req.text(),
    );
    return c.json(answer);
  });
  app.onError((error, c) => {
    failed(error);
    return c.body(null, 500);
  });
  return serve(inVisit(getRequestListener(app.fetch)), async () => {});
}
