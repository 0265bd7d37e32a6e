// The Express store under @fastify/session.
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import Fastify from "fastify";
import { CyclicSessionStore } from "../../../src/express/index.js";
import type { Driver } from "../driver.js";
import { answerRequest, SECRET, STEPS_HEADER } from "../protocol.js";
import { signatureOf, unpadded } from "./signature.js";

export const fastifyDriver: Driver = {
  name: "fastify",
  idIn: (cookies) => cookies.get("sessionId")?.split(".")[0],
  cookiesFor: (id) => new Map([["sessionId", encodeURIComponent(`${id}.${unpadded(signatureOf(id))}`)]]),
  rowOutlivesCookieBy: [0],
  cannot: {
    answerFailedSave:
      "the error handler's own response saves the session once more, fails, and Fastify answers 500 by itself",
    saveUnserializable: "@fastify/session's own hash throws before the store is called",
    withholdCookie: "@fastify/session sets the cookie whatever became of the save",
    keepBeginning: "@fastify/session does not tell a store in whose place a session comes",
    bePassive: "@fastify/session does not tell a store for which request it is called",
  },
  async start(lab) {
    const store = new CyclicSessionStore(lab.options);
    const app = Fastify();
    await app.register(fastifyCookie);
    const cookie = { secure: false, maxAge: lab.settings.cookieMaxAge };
    await app.register(fastifySession, { store, secret: SECRET, saveUninitialized: false, cookie });
    app.get("/", (request) => {
      const { session } = request;
      return answerRequest(
        String(request.headers[STEPS_HEADER]),
        {
          read() {
            const { cookie: _, ...data } = JSON.parse(JSON.stringify(request.session));
            return data;
          },
          set: (key, value) => void Reflect.set(request.session, key, value),
          unset: (key) => void Reflect.deleteProperty(request.session, key),
          change: (key, change) =>
            void Reflect.set(request.session, key, change(Reflect.get(request.session, key))),
          update: (change) => store.update(request.session.sessionId, change),
          save: () => request.session.save(),
          regenerate: () => session.regenerate(),
          destroy: () => session.destroy(),
          setMaxAge(ms) {
            request.session.cookie.maxAge = ms;
          },
        },
        lab,
      );
    });
    app.setErrorHandler((error, _request, reply) => reply.status(500).send(lab.failed(error)));
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return {
      origin,
      async close() {
        app.server.closeAllConnections();
        await app.close();
        await store.close();
      },
    };
  },
};
