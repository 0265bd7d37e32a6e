// A browser's WebSocket, for Node 20 has none: asks for one as a visitor, says one thing, and hears one.
import { randomBytes } from "node:crypto";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import type { App } from "../conformance/place.js";
import type { Visitor } from "../conformance/visitor.js";

export interface Opened {
  readonly status: number;
  /** The headers `Set-Cookie`. The visitor has kept their cookies. */
  readonly setCookies: readonly string[];
  /** What the application answers by the socket; `undefined` where it opened none. */
  readonly said: unknown;
}

export async function openSocket(app: App, visitor: Visitor, query = ""): Promise<Opened> {
  const asked = request(`${app.origin}/socket${query}`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      cookie: [...visitor.cookies].map((pair) => pair.join("=")),
    },
  });
  asked.end();
  const { response, socket } = await answerTo(asked);
  const setCookies = response.headers["set-cookie"] ?? [];
  for (const setCookie of setCookies) {
    const [, name = "", value = ""] = /^(.*?)=(.*?);/.exec(setCookie) ?? [];
    visitor.cookies.set(name, value);
  }
  const status = response.statusCode ?? 0;
  return { status, setCookies, said: socket && JSON.parse(await say(socket)) };
}

function answerTo(asked: ClientRequest): Promise<{ response: IncomingMessage; socket?: Duplex }> {
  return new Promise((resolve, reject) => {
    asked.on("error", reject);
    asked.on("response", (response) => resolve({ response: response.resume() }));
    asked.on("upgrade", (response, socket, head) => {
      socket.unshift(head);
      resolve({ response, socket });
    });
  });
}

// A text of no length, masked by zeros (RFC 6455, section 5.2).
const SAYS_NOTHING = Buffer.from([0x81, 0x80, 0, 0, 0, 0]);

/** The text of the first frame that comes in answer, which is short. */
async function say(socket: Duplex): Promise<string> {
  socket.write(SAYS_NOTHING);
  let heard = Buffer.alloc(0);
  for await (const chunk of socket) {
    heard = Buffer.concat([heard, chunk]);
    const [, length = Number.POSITIVE_INFINITY] = heard;
    if (heard.length >= 2 + length) return heard.toString("utf8", 2, 2 + length);
  }
  throw new Error("the socket was closed without an answer");
}
