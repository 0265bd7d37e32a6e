// The applications on workerd: one worker, in which every application has a path of its own, and the control another.
import { upgradeWebSocket } from "hono/cloudflare-workers";
import { honoApp } from "../../conformance/apps/hono-app.js";
import { control } from "./control.js";
import { withSocket } from "./socket.js";

type Fetch = (request: Request) => Response | Promise<Response>;

const applications = new Map<string, Fetch>();
let started = 0;

const answer = control({
  async hono(lab) {
    const path = `/applications/${++started}`;
    const { fetch } = withSocket(honoApp(lab), upgradeWebSocket);
    applications.set(path, (request) => fetch(request));
    return { origin: path, close: async () => void applications.delete(path) };
  },
});

export default {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/") return new Response(await answer(await request.text()));
    const [, application = "", path = ""] = /^(\/applications\/\d+)(.*)/.exec(url.pathname) ?? [];
    url.pathname = path;
    const serve = applications.get(application);
    return serve ? serve(new Request(url, request)) : new Response(null, { status: 404 });
  },
};
