// The Koa store under koa-session.
import Koa from "koa";
import session from "koa-session";
import type { SessionIdCookie } from "../../../src/hono/index.js";
import { CyclicSessionStore } from "../../../src/koa/index.js";
import type { Driver, Served } from "../driver.js";
import { answerRequest, type Lab, PASSIVE_HEADER, SECRET, STEPS_HEADER } from "../protocol.js";
import { foreignKey } from "./foreign-key.js";
import { serve } from "./serve.js";
import { signatureOf } from "./signature.js";

export const koaDriver: Driver = {
  name: "koa",
  idIn: (cookies) => cookies.get("koa.sess"),
  cookiesFor: (id) =>
    new Map([
      ["koa.sess", id],
      ["koa.sess.sig", signatureOf(`koa.sess=${id}`, "base64url", "sha1")],
    ]),
  rowOutlivesCookieBy: [10_000],
  cannot: {
    withholdCookie: "koa-session sets the cookie whatever became of the save",
    saveUnserializable:
      "koa-session's own hash throws before the store is called, and that error is the answer",
  },
  start: (lab) => startKoa(lab),
};

/** @param cookie another framework's; its own where none is given. */
export function startKoa(lab: Lab, cookie?: SessionIdCookie): Promise<Served> {
  const renew = (ctx: { get(header: string): string }) => ctx.get(PASSIVE_HEADER) === "";
  const store = new CyclicSessionStore({ ...lab.options, renew });
  const app = new Koa();
  app.keys = [SECRET];
  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = 500;
      ctx.body = lab.failed(error);
    }
  });
  const key = cookie && foreignKey(cookie);
  if (key) app.use(key.middleware);
  const { cookieMaxAge } = lab.settings;
  // With a cookie that has a lifetime of its own, it is koa-session that renews both.
  const lifetime = cookieMaxAge === undefined ? {} : { maxAge: cookieMaxAge, rolling: true };
  app.use(session({ store, ...lifetime, ...(key && { externalKey: key.externalKey }) }, app));
  app.use(async (ctx) => {
    let isEnded = false;
    ctx.body = await answerRequest(
      ctx.get(STEPS_HEADER),
      {
        read: () => (isEnded ? {} : { ...ctx.session?.toJSON() }),
        set: (key, value) => void Reflect.set(Object(ctx.session), key, value),
        unset: (key) => void Reflect.deleteProperty(Object(ctx.session), key),
        change: (key, change) =>
          void Reflect.set(Object(ctx.session), key, change(Reflect.get(Object(ctx.session), key))),
        update: (change) => store.update(String(ctx.session?.externalKey), change),
        save: () => ctx.session?.save(),
        regenerate: () => ctx.session?.regenerate(),
        destroy() {
          isEnded = true;
          ctx.session = null;
        },
        setMaxAge(ms) {
          Object(ctx.session).maxAge = ms;
        },
      },
      lab,
    );
  });
  return serve(app.callback(), () => store.close());
}
