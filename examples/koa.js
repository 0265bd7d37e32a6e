// A Koa server whose visitors count their visits.
import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
import Koa from "koa";
import session from "koa-session";
import { isMain, sessionOptions, storeOptions } from "./visits.js";

export function start(options, port) {
  const app = new Koa();
  app.keys = [sessionOptions.secret];
  app.use(session({ store: new CyclicSessionStore(options) }, app));
  app.use((ctx) => {
    ctx.session.visits = (ctx.session.visits ?? 0) + 1;
    ctx.body = `visit ${ctx.session.visits}`;
  });
  return app.listen(port, "127.0.0.1");
}

if (isMain(import.meta)) start(storeOptions, 3000);
