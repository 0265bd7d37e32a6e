// The applications on workerd: one worker, in which every application has a path of its own, and the control another.
import { honoApp } from "../../conformance/apps/hono-app.js";
import { control } from "./control.js";

type Fetch = (request: Request) => Response | Promise<Response>;

const applications = new Map<string, Fetch>();
let started = 0;

const answer = control({
  async hono(lab) {
    const path = `/applications/${++started}`;
    const { fetch } = honoApp(lab);
    applications.set(path, (request) => fetch(request));
    return { origin: path, close: async () => void applications.delete(path) };
  },
});

export default {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/") return new Response(await answer(await request.text()));
    const serve = applications.get(url.pathname.replace(/\/$/, ""));
    return serve ? serve(new Request(new URL("/", url), request)) : new Response(null, { status: 404 });
  },
};
