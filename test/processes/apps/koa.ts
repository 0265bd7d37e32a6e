// The Koa application.
import { text } from "node:stream/consumers";
import Koa from "koa";
import session from "koa-session";
import { CyclicSessionStore, type CyclicSessionStoreOptions } from "../../../src/koa/index.js";
import { serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import { SECRET } from "../../conformance/protocol.js";
import { ASK_HEADER } from "../protocol.js";
import { act, askIn } from "./act.js";
import { inVisit } from "./visit.js";

export function startKoa(
  options: CyclicSessionStoreOptions,
  failed: (error: unknown) => void,
): Promise<Served> {
  const store = new CyclicSessionStore(options);
  const app = new Koa();
  app.keys = [SECRET];
  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      failed(error);
      ctx.status = 500;
    }
  });
  app.use(session({ store }, app));
  app.use(async (ctx) => {
    ctx.body = await act(
      askIn(ctx.get(ASK_HEADER)),
      {
        read: () => ({ ...ctx.session?.toJSON() }),
        set: (key, value) => void Reflect.set(Object(ctx.session), key, value),
        unset: (key) => void Reflect.deleteProperty(Object(ctx.session), key),
        save: () => ctx.session?.save(),
        update: (change) => store.update(String(ctx.session?.externalKey), change),
        regenerate: () => ctx.session?.regenerate(),
        destroy() {
          ctx.session = null;
        },
      },
      () => text(ctx.req),
    );
  });
  return serve(inVisit(app.callback()), () => store.close());
}
