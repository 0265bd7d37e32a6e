// An application of no framework, over the engine itself: its session's id is what the cookie says, unsigned.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import {
  createSessionEngine,
  type SessionData,
  type SessionEngine,
  type SessionInHand,
  type SessionStoreOptions,
} from "../../../src/core/index.js";
import { serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import { type Answer, ASK_HEADER, CORE_COOKIE } from "../protocol.js";
import { act, askIn } from "./act.js";
import { inVisit } from "./visit.js";

export function startCore(options: SessionStoreOptions, failed: (error: unknown) => void): Promise<Served> {
  const engine = createSessionEngine(options);
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    serveVisit(engine, incoming).then(
      ({ answer, id }) => {
        if (id !== undefined) outgoing.setHeader("set-cookie", `${CORE_COOKIE}=${id}`);
        outgoing.end(JSON.stringify(answer));
      },
      (error) => {
        failed(error);
        outgoing.writeHead(500).end();
      },
    );
  return serve(inVisit(answer), () => engine.close());
}

async function serveVisit(
  engine: SessionEngine,
  incoming: IncomingMessage,
): Promise<{ answer: Answer; id: string | undefined }> {
  const sent = new RegExp(`${CORE_COOKIE}=([^;]+)`).exec(String(incoming.headers.cookie))?.[1];
  const loaded = sent === undefined ? undefined : await engine.load(sent);
  let session: SessionInHand = loaded ?? engine.create(engine.newId());
  let isStored = loaded !== undefined;
  let isChanged = false;
  let data: SessionData = { ...session.data };
  const save = async () => {
    const { outcome } = await engine.save(session, data);
    isStored = outcome === "saved";
    isChanged = false;
  };
  const answer = await act(
    askIn(String(incoming.headers[ASK_HEADER])),
    {
      read: () => data,
      set(key, value) {
        data = { ...data, [key]: value };
        isChanged = true;
      },
      unset(key) {
        const { [key]: _, ...rest } = data;
        data = rest;
        isChanged = true;
      },
      save,
      update: (change) => engine.update(session, (newest) => change(newest)),
      async regenerate() {
        await engine.destroy(session);
        session = engine.create(engine.newId(), session);
        isStored = false;
      },
      async destroy() {
        await engine.destroy(session);
        session = engine.create(engine.newId());
        isStored = false;
        data = {};
      },
    },
    () => text(incoming),
  );
  if (isChanged) await save();
  else if (isStored) await engine.touch(session);
  return { answer, id: isStored && session.id !== sent ? session.id : undefined };
}
