// The side of an application that the suite asks of: the options of its store, what it has seen, and the gates at which
// its requests wait. Runs on every runtime.
import { compress, seal } from "../../src/codecs/index.js";
import { SessionStoreError, type SessionStoreOptions } from "../../src/core/index.js";
import {
  type AppSettings,
  type Lab,
  lifetimeByData,
  ownerByData,
  type Question,
  type Seen,
} from "./protocol.js";

// How often a request asks whether its gate is open.
const ASK_EVERY_MS = 2;
const SEALING_KEY = new Uint8Array(32).fill(7);

/** What an application is started with, and who answers the suite's questions about it. */
export function makeLab(settings: AppSettings): { lab: Lab; answer: (question: Question) => Seen } {
  const errors: string[] = [];
  const messages: string[] = [];
  const events: string[] = [];
  const overridden: string[] = [];
  const waiting: Record<string, number> = {};
  const openings = new Map<string, number>();
  const { endpoint, table, format, ttl, touchInterval, keepExpired, timeout, maxAttempts = 1 } = settings;
  const { region = "us-east-1", absoluteTtl, hashIds, isOwned } = settings;
  const lab: Lab = {
    settings,
    options: {
      table: { ...table },
      ...formatOptions(format),
      ttl: ttl === "by data" ? lifetimeByData : ttl,
      absoluteTtl,
      ...(hashIds !== undefined && { hashIds }),
      owner: isOwned ? ownerByData : undefined,
      touchInterval,
      keepExpired,
      timeout,
      clientConfig: {
        endpoint,
        ...(region !== null && { region }),
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
        maxAttempts,
      },
      onEvent(event) {
        events.push(event.type);
        if (event.type === "merge") overridden.push(...event.paths);
      },
    },
    async wait(gate) {
      const before = openings.get(gate);
      waiting[gate] = (waiting[gate] ?? 0) + 1;
      // By asking, since workerd lets no request wait for a promise that another one resolves.
      while (openings.get(gate) === before) await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      waiting[gate] -= 1;
    },
    failed(error) {
      const code = error instanceof SessionStoreError ? error.code : String(error);
      errors.push(code);
      messages.push(String(error));
      return { error: code };
    },
  };
  return {
    lab,
    answer(question) {
      if (question.do === "open") openings.set(question.gate, (openings.get(question.gate) ?? 0) + 1);
      return {
        errors: [...errors],
        messages: [...messages],
        events: [...events],
        overridden: [...overridden],
        waiting: { ...waiting },
      };
    },
  };
}

/** The options of the store by which data is written in a format. */
export function formatOptions(
  format: AppSettings["format"],
): Pick<SessionStoreOptions, "format" | "codec" | "hashIds"> {
  if (format !== "sealed") return { format };
  return { hashIds: true, codec: [compress(), seal({ keys: [SEALING_KEY] })] };
}
