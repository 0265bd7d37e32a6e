// An Express application under the suite's steps, over whichever store it is given: ours here, others in the comparison
// (bench/comparison).
import express, { type NextFunction, type Request, type RequestHandler, type Response } from "express";
import session from "express-session";
import type { Served } from "../driver.js";
import { answerRequest, type Lab, SECRET, type SessionActions, STEPS_HEADER } from "../protocol.js";
import { promised, serve } from "./serve.js";
import { signatureOf, unpadded } from "./signature.js";

/** What an application is made of, besides its lab. */
export interface ExpressParts {
  readonly store: session.Store;
  /** What comes before the session is loaded. */
  readonly before?: RequestHandler;
  /** The store's own operation, of the session of a request. */
  update(req: Request, change: Parameters<SessionActions["update"]>[0]): ReturnType<SessionActions["update"]>;
  close(): Promise<void>;
}

export function serveExpress(lab: Lab, { store, before, update, close }: ExpressParts): Promise<Served> {
  const app = express();
  const cookie = { maxAge: lab.settings.cookieMaxAge };
  if (before) app.use(before);
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie }));
  app.use(async (req, res) => {
    const answer = await answerRequest(
      req.get(STEPS_HEADER),
      {
        read() {
          const { cookie: _, ...data } = JSON.parse(JSON.stringify(req.session));
          return data;
        },
        set: (key, value) => void Reflect.set(req.session, key, value),
        unset: (key) => void Reflect.deleteProperty(req.session, key),
        change: (key, change) => void Reflect.set(req.session, key, change(Reflect.get(req.session, key))),
        update: (change) => update(req, change),
        save: () => promised((callback) => req.session.save(callback)),
        regenerate: () => promised((callback) => req.session.regenerate(callback)),
        destroy: () => promised((callback) => req.session.destroy(callback)),
        setMaxAge(ms) {
          req.session.cookie.maxAge = ms;
        },
      },
      lab,
    );
    res.json(answer);
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const answer = lab.failed(error);
    if (!res.headersSent) res.status(500).json(answer);
  });
  return serve(app, close);
}

/** The id in the cookie of express-session. */
export function idInCookie(cookies: ReadonlyMap<string, string>): string | undefined {
  return /^s:(.*)\.[^.]*$/.exec(decodeURIComponent(cookies.get("connect.sid") ?? ""))?.[1];
}

/** The cookie by which express-session believes an id. */
export function cookieFor(id: string): ReadonlyMap<string, string> {
  return new Map([["connect.sid", encodeURIComponent(`s:${id}.${unpadded(signatureOf(id))}`)]]);
}
