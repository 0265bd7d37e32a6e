// What stands in front of each framework, and is no framework's business: the page, the headers, who is visiting, and
// whose calls are counted. Requests to the API go on to the application, unless they could come from another site.
import { readAction } from "./actions.js";
import { newVisitor, readVisitor } from "./visitor.js";

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
const INSPECTOR = "/api/inspect";

/**
 * @param {import("node:http").RequestListener} app
 * @param {object} parts
 * @param {import("./page-files.js").PageFiles} parts.page
 * @param {string} parts.visitorCookie
 * @param {import("./calls.js").CallRecord} parts.calls
 * @returns {import("node:http").RequestListener}
 */
export function inFrontOf(app, { page, visitorCookie, calls }) {
  return (request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const visitor = readVisitor(request.headers.cookie, visitorCookie);
    const onlyReads = request.method === "GET" || request.method === "HEAD";
    response.setHeaders(new Map(Object.entries(HEADERS)));

    const file = page.get(path);
    if (file !== undefined && onlyReads) {
      if (visitor === undefined) response.setHeader("Set-Cookie", newVisitor(visitorCookie));
      // Asked for anew each time: another version of the demo serves other files at the same address.
      response.setHeader("Cache-Control", "no-cache");
      response.setHeader("Content-Type", file.type).end(file.body);
      return;
    }

    response.setHeader("Cache-Control", "no-store");
    if (!onlyReads && !isJson(request)) {
      response.writeHead(415, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: "Please send JSON." }));
      return;
    }
    // Looking at the row is nothing that the user did.
    if (visitor === undefined || path === INSPECTOR) return app(request, response);
    calls.attribute(visitor, readAction(request), () => app(request, response));
  };
}

/** A form of another site cannot send JSON, so that it cannot speak for a user of this one. */
function isJson({ headers }) {
  return /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");
}
