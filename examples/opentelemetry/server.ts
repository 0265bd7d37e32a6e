// An Express server whose visitors count their visits, and whose session store tells OpenTelemetry what it does.
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import { metrics, SpanKind, trace } from "@opentelemetry/api";
import express from "express";
import session from "express-session";
import { announce, MAX_AGE, settings } from "../shop/settings.js";
import { shutdown } from "./sdk.ts";
import { sessionTelemetry } from "./telemetry.ts";

declare module "express-session" {
  interface SessionData {
    visits: number;
  }
}

const { table, secret, https, host, port } = settings(process.env);

const SCOPE = "@cyclic.sh/session-store";
const OPTIONS = { schemaUrl: "https://opentelemetry.io/schemas/1.44.0" };
const meter = metrics.getMeter(SCOPE, undefined, OPTIONS);
const tracer = trace.getTracerProvider().getTracer(SCOPE, undefined, OPTIONS);

const app = express();
app.disable("x-powered-by");
if (https) app.set("trust proxy", 1);

// Spans of the store are made in the span that is active. This is the short form of what @opentelemetry/instrumentation-http
// does: with that, leave it out.
app.use((req, res, next) => {
  const attributes = { "http.request.method": req.method };
  tracer.startActiveSpan(req.method, { kind: SpanKind.SERVER, attributes }, (span) => {
    res.on("close", () => span.end());
    next();
  });
});

const store = new CyclicSessionStore({
  table: { name: table },
  hashIds: true,
  onEvent: sessionTelemetry({ meter, tracer, table }),
});
const cookie = { maxAge: MAX_AGE, secure: https };
app.use(session({ store, secret, resave: false, saveUninitialized: false, cookie }));

app.get("/", (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.send(`visit ${req.session.visits}`);
});

const server = app.listen(port, host, (error) => {
  if (error) throw error;
  const address = server.address();
  if (address !== null && typeof address === "object") announce(host, address.port);
});

// Ctrl-C, and what ends a service.
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    server.close(async () => {
      await store.close();
      await shutdown();
    });
  });
