// Which action of the user's a request belongs to: as the page says in a header, or else the request by itself.
import { randomUUID } from "node:crypto";

// "<id> <label>": requests of one action share the id.
const HEADER = /^([\w-]{1,40}) ([\w .,'-]{1,60})$/;

/**
 * @param {import("node:http").IncomingMessage} request
 * @returns {{ id: string, label: string }}
 */
export function readAction(request) {
  const [, id, label] = HEADER.exec(String(request.headers["x-demo-action"])) ?? [];
  if (id !== undefined && label !== undefined) return { id, label };
  const path = (request.url ?? "").split("?")[0].slice(0, 60);
  return { id: randomUUID(), label: `${request.method} ${path}` };
}
