// The application under load, in a process of its own: Express with the store. Says what it holds of memory, and ends when
// its parent does.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import { SessionStoreError } from "../../src/core/index.js";
import { CyclicSessionStore } from "../../src/express/index.js";
import { type AppSettings, type Asked, PAUSE_HEADER, SECRET, type Told, WRITE_HEADER } from "./protocol.js";

declare module "express-session" {
  interface SessionData {
    n?: number;
  }
}

const { endpoint, table }: AppSettings = JSON.parse(String(process.argv[2]));
const errors: Record<string, number> = {};
const unhandled: string[] = [];
process.on("uncaughtException", (error) => void unhandled.push(String(error)));
process.on("unhandledRejection", (error) => void unhandled.push(String(error)));
process.on("warning", (warning) => void unhandled.push(String(warning)));
process.on("disconnect", () => process.exit());

const store = new CyclicSessionStore({
  table: { name: table },
  clientConfig: {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  },
});

function failed(error: unknown, res: Response): void {
  const code = error instanceof SessionStoreError ? error.code : String(error);
  errors[code] = (errors[code] ?? 0) + 1;
  res.status(503).json({});
}

const app = express();
app.use((req, _res, next) => void setTimeout(next, Number(req.get(PAUSE_HEADER))));
app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }));
app.get("/", (req, res) => {
  const found = req.session.n;
  const written = req.get(WRITE_HEADER);
  if (written === undefined) return void res.json({ found });
  req.session.n = Number(written);
  // Saved before it is answered: what is answered is acknowledged.
  req.session.save((error: unknown) => (error ? failed(error, res) : res.json({ found })));
});
app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => failed(error, res));

const server = createServer(app);
server.listen(0, "127.0.0.1", () => tell());

process.on("message", async (asked: Asked) => {
  if (asked === "close") {
    server.close();
    server.closeAllConnections();
    await store.close();
  }
  tell();
});

function tell(): void {
  // Twice, for what the first has finalised.
  for (let time = 0; time < 2; time++) globalThis.gc?.();
  const address = server.address() as AddressInfo | null;
  const told: Told = {
    origin: `http://127.0.0.1:${address?.port}`,
    heapBytes: process.memoryUsage().heapUsed,
    errors,
    unhandled,
  };
  process.send?.(told);
}
