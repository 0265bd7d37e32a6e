// Fastify applications with @fastify/session, and their visitors. What a request does is said where it is asked for:
// `visitor.visit((request) => …)` runs that function as the handler of one HTTP request.
import type { AddressInfo } from "node:net";
import fastifyCookie from "@fastify/cookie";
import fastifySession, { type FastifySessionOptions } from "@fastify/session";
import Fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { onTestFinished } from "vitest";

declare module "fastify" {
  interface Session {
    n?: number;
    user?: { name: string };
    field?: Record<string, unknown>;
  }
}

const SECRET = "of the tests, and thirty-two characters long";

/** The handler of one request. What it returns is the answer. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** Starts a Fastify application at a free port of this machine, until the test ends. Each request runs the handler that it was asked with. */
export async function startFastify(options: Partial<FastifySessionOptions>) {
  const handlers = new Map<string, Handler>();
  const errors: unknown[] = [];
  const app = Fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: SECRET,
    saveUninitialized: false,
    ...options,
    cookie: { secure: false, ...options.cookie },
  });
  app.get<{ Params: { visit: string } }>("/:visit", async (request, reply) => {
    const said = await handlers.get(request.params.visit)?.(request, reply);
    return { said, id: request.session?.sessionId };
  });
  app.setErrorHandler((error, _request, reply) => {
    errors.push(error);
    return reply.status(500).send({ said: "failed" });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  let visits = 0;
  const makeVisitor = (cookie?: string) => {
    const visitor = {
      cookie,
      async visit(handler: Handler) {
        const name = String(visits++);
        handlers.set(name, handler);
        const headers = new Headers(visitor.cookie === undefined ? [] : [["cookie", visitor.cookie]]);
        const response = await fetch(`http://127.0.0.1:${port}/${name}`, { headers });
        const setCookie = response.headers.getSetCookie().at(0);
        if (setCookie) visitor.cookie = setCookie.slice(0, setCookie.indexOf(";"));
        return { status: response.status, ...(await response.json()) };
      },
    };
    return visitor;
  };
  return { visitor: makeVisitor, errors };
}
