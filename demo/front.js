// What stands in front of each framework, and is no framework's business: the page, the headers, who is visiting, whose
// calls are counted, and the look at the row. Requests to the API go on to the framework whose port this is, or to the
// one that their path names, as a reverse proxy sends them on; unless they could come from another site.
import { readAction } from "./actions.js";
import { answerTo } from "./answers.js";
import { DOORS } from "./doors.js";
import { newVisitor, readVisitor } from "./visitor.js";

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
const INSPECTOR = "/api/inspect";
const SIGN_OUT = "/api/sign-out";

/**
 * @param {number} own which of `DOORS` this is in front of
 * @param {object} parts
 * @param {import("./doors.js").App[]} parts.apps one for each of `DOORS`
 * @param {import("./page-files.js").PageFiles} parts.page
 * @param {import("./calls.js").CallRecord} parts.calls
 * @param {import("./slow.js").SlowRequests} parts.slow
 * @param {(framework: string, request: import("node:http").IncomingMessage) => Promise<object>} parts.inspect what the
 *   page shows of the session's row and of the visitor's calls
 * @returns {import("node:http").RequestListener}
 */
export function inFrontOf(own, { apps, page, calls, slow, inspect }) {
  return (request, response) => {
    const [path] = (request.url ?? "").split("?");
    const visitor = readVisitor(request.headers.cookie);
    const onlyReads = request.method === "GET" || request.method === "HEAD";
    response.setHeaders(new Map(Object.entries(HEADERS)));

    const file = page.get(path);
    if (file !== undefined && onlyReads) {
      if (visitor === undefined) response.setHeader("Set-Cookie", newVisitor());
      // Asked for anew each time, for another version of the demo serves other files at the same address; and sent anew
      // only then.
      response.setHeader("Cache-Control", "no-cache").setHeader("ETag", file.etag);
      if (request.headers["if-none-match"] === file.etag) response.writeHead(304).end();
      else response.setHeader("Content-Type", file.type).end(file.body);
      return;
    }

    response.setHeader("Cache-Control", "no-store");
    if (!onlyReads && !isJson(request)) {
      response.writeHead(415, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: "Please send JSON." }));
      return;
    }
    // Looking at the row is nothing that the user did: it costs no read of theirs, and keeps no session alive.
    if (path === INSPECTOR && onlyReads) return answerWith(inspect(DOORS[own].framework, request), response);

    const { index, rest } = addressee(request.url ?? "", own);
    request.url = rest;
    const app = apps[index].listener;
    if (visitor === undefined) return app(request, response);
    if (rest === SIGN_OUT) response.once("finish", () => slow.signedOut(visitor));
    calls.attribute(visitor, readAction(request), () => app(request, response));
  };
}

/** Which framework a request is for, and the address that it has there. */
function addressee(url, own) {
  const named = DOORS.findIndex(({ path }) => url.startsWith(`${path}/api/`));
  return named === -1
    ? { index: own, rest: url }
    : { index: named, rest: url.slice(DOORS[named].path.length) };
}

/**
 * @param {Promise<object>} answer
 * @param {import("node:http").ServerResponse} response
 */
async function answerWith(answer, response) {
  const { status, body } = await answer.then((body) => ({ status: 200, body }), answerTo);
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/** A form of another site cannot send JSON, so that it cannot speak for a user of this one. */
function isJson({ headers }) {
  return /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");
}
