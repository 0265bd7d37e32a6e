// The Express store under express-session.
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import { CyclicSessionStore } from "../../../src/express/index.js";
import type { Driver } from "../driver.js";
import { answerRequest, SECRET, STEPS_HEADER } from "../protocol.js";
import { promised, serve } from "./serve.js";
import { signatureOf, unpadded } from "./signature.js";

export const expressDriver: Driver = {
  name: "express",
  idIn: (cookies) => /^s:(.*)\.[^.]*$/.exec(decodeURIComponent(cookies.get("connect.sid") ?? ""))?.[1],
  cookiesFor: (id) => new Map([["connect.sid", encodeURIComponent(`s:${id}.${unpadded(signatureOf(id))}`)]]),
  rowOutlivesCookieBy: [0],
  cannot: {
    answerFailedSave:
      "express-session sends status, headers and all but the body's last byte before it saves",
    saveUnserializable: "express-session's own hash throws while the response ends, and the request hangs",
    withholdCookie: "express-session sends the cookie before it saves",
    bePassive: "express-session does not tell a store for which request it is called",
  },
  start(lab) {
    const store = new CyclicSessionStore(lab.options);
    const app = express();
    const cookie = { maxAge: lab.settings.cookieMaxAge };
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
          update: (change) => store.update(req.sessionID, change),
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
    return serve(app, () => store.close());
  },
};
