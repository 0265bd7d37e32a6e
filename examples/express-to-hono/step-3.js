// Step 3: Hono alone. Neither Express nor express-session is needed any more; the cookie stays what it was.
import { serve } from "@hono/node-server";
import { announce } from "../shop/settings.js";
import { app } from "./hono.js";
import { host, port } from "./sessions.js";

serve({ fetch: app.fetch, hostname: host, port }, (address) => announce(host, address.port));
