// The engine under a server of Node's own: how any other caller uses it. A signed cookie, a load, and at the end of the
// request a save or a touch.
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSessionEngine, type SessionData, type SessionEngine } from "../../../src/core/index.js";
import type { Driver } from "../driver.js";
import { answerRequest, type Lab, PASSIVE_HEADER, STEPS_HEADER } from "../protocol.js";
import { serve } from "./serve.js";
import { signatureOf } from "./signature.js";

export const engineDriver: Driver = {
  name: "engine",
  idIn: (cookies) => cookies.get("sid")?.split(".")[0],
  cookiesFor: (id) => new Map([["sid", `${id}.${signatureOf(id, "base64url")}`]]),
  rowOutlivesCookieBy: [0],
  cannot: { changeLifetime: "the caller says with every call how long its cookie lives" },
  start(lab) {
    const engine = createSessionEngine(lab.options);
    return serve(
      (request, response) => handle(engine, lab, request, response),
      () => engine.close(),
    );
  },
};

async function handle(
  engine: SessionEngine,
  lab: Lab,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const cookie = { maxAge: lab.settings.cookieMaxAge, renew: request.headers[PASSIVE_HEADER] === undefined };
  try {
    const sent = idIn(request.headers.cookie);
    const loaded = sent === undefined ? undefined : await engine.load(sent);
    let session = loaded ?? engine.create(engine.newId());
    let data: SessionData = { ...session.data };
    let isEnded = false;
    const save = async () => {
      const { outcome } = await engine.save(session, data, cookie);
      // Another request destroyed it: its cookie would bring nothing but the id back.
      isEnded = outcome === "gone";
    };
    const steps = request.headers[STEPS_HEADER];
    const answered = answerRequest(
      String(steps),
      {
        read: () => data,
        set(key, value) {
          data = { ...data, [key]: value };
        },
        unset(key) {
          const { [key]: _, ...rest } = data;
          data = rest;
        },
        change(key, change) {
          data = { ...data, [key]: change(data[key]) };
        },
        update: (change) => engine.update(session, change, cookie),
        save,
        async regenerate() {
          await engine.destroy(session);
          session = engine.create(engine.newId(), session);
          await save();
        },
        async destroy() {
          await engine.destroy(session);
          isEnded = true;
        },
        setMaxAge() {},
      },
      lab,
    );
    // The session of a handler that failed is saved as well.
    await Promise.allSettled([answered]);
    if (!isEnded && (session.row !== undefined || Object.keys(data).length > 0)) await save();
    if (isEnded) response.setHeader("set-cookie", "sid=; Max-Age=0");
    else if (session.row)
      response.setHeader("set-cookie", `sid=${session.id}.${signatureOf(session.id, "base64url")}`);
    response.end(JSON.stringify(await answered));
  } catch (error) {
    response.statusCode = 500;
    response.end(JSON.stringify(lab.failed(error)));
  }
}

function idIn(header: string | undefined): string | undefined {
  const [, id = "", signature = ""] = /(?:^|; )sid=([^.;]*)\.([^;]*)/.exec(header ?? "") ?? [];
  const [expected, sent] = [signatureOf(id, "base64url"), signature].map((text) => Buffer.from(text));
  const isSigned = expected && sent && expected.length === sent.length && timingSafeEqual(expected, sent);
  return isSigned ? id : undefined;
}
