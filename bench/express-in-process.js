// express-session without sockets: one call is one request, from its cookie to the end of its response. For measurements
// that must not depend on when the system delivers what.
import { IncomingMessage, ServerResponse } from "node:http";
import session from "express-session";

/**
 * @param {import("express-session").SessionOptions} options
 * @returns {(cookie: string | undefined, answer: (req: import("express").Request) => void) => Promise<string | undefined>}
 *   sends a request, and gives the cookie that the user has from then on
 */
export function expressSession(options) {
  const middleware = session({ secret: "bench", ...options });
  return (cookie, answer) =>
    new Promise((resolve, reject) => {
      const req = Object.assign(new IncomingMessage(null), { url: "/", originalUrl: "/", method: "GET" });
      if (cookie !== undefined) req.headers.cookie = cookie;
      const res = new ServerResponse(req);
      // Called by express-session when all is written that is to be.
      res.end = () => {
        if (!res.headersSent) res.writeHead(200);
        const [set] = [res.getHeader("set-cookie") ?? []].flat();
        resolve(set?.split(";", 1)[0] ?? cookie);
      };
      middleware(req, res, (error) => {
        if (error) return reject(error);
        answer(req);
        res.end();
      });
    });
}
