// The Hono middleware, on Node.
import { getRequestListener } from "@hono/node-server";
import type { Driver } from "../driver.js";
import { honoApp } from "./hono-app.js";
import { serve } from "./serve.js";
import { signatureOf } from "./signature.js";

export const honoDriver: Driver = {
  name: "hono",
  idIn: (cookies) => cookies.get("session")?.split(".")[0],
  cookiesFor: (id) => new Map([["session", encodeURIComponent(`${id}.${signatureOf(id)}`)]]),
  rowOutlivesCookieBy: [0],
  cannot: { changeLifetime: "a cookie's lifetime is the middleware's, and no session's own" },
  start: (lab) => serve(getRequestListener(honoApp(lab).fetch), async () => {}),
};
