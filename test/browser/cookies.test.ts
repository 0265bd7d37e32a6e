// What a browser does with the cookies that the Hono middleware is asked for: names with a prefix, and `SameSite`.
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from "vitest";
import { type SessionCookieOptions, type SessionEnv, session } from "../../src/hono/index.js";
import { serve } from "../conformance/apps/serve.js";
import { createTable, testClient } from "../support/tables.js";
import { launch } from "./chromium.js";
import { type OtherSite, openOtherSite } from "./other-site.js";

const client = testClient();
let table: string;
let browser: Browser;
let otherSite: OtherSite;
let ada: BrowserContext;

beforeAll(async () => {
  [table, browser, otherSite] = await Promise.all([createTable(client), launch(), openOtherSite()]);
});
afterAll(async () => {
  await browser?.close();
  await otherSite?.close();
  client.destroy();
});
afterEach(() => ada.close());

/** Where an application listens that counts the visits of each visitor. */
async function visitsCounted(cookie: SessionCookieOptions): Promise<string> {
  type AppEnv = SessionEnv<{ visits?: number }>;
  const app = new Hono<AppEnv>();
  app.use(session<AppEnv>({ table: { name: table }, client, secret: "s".repeat(32), cookie }));
  app.get("/", async (c) => {
    const visits = ((await c.var.session.get("visits")) ?? 0) + 1;
    c.var.session.set("visits", visits);
    return c.html(`<p>visit ${visits}</p>`);
  });
  app.get("/favicon.ico", (c) => c.body(null, 204));
  const { origin, close } = await serve(getRequestListener(app.fetch), async () => {});
  onTestFinished(close);
  return origin;
}

it("a cookie named __Host-… is kept and sent, is Secure, and cannot be planted by a script without that", async () => {
  const origin = await visitsCounted({ prefix: "host" });
  ada = await browser.newContext();
  const page = await ada.newPage();
  await page.goto(origin);
  await page.reload();
  expect(await page.textContent("p")).toBe("visit 2");
  const [cookie, ...others] = await ada.cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({
    name: "__Host-session",
    secure: true,
    httpOnly: true,
    sameSite: "Lax",
    domain: "127.0.0.1",
    path: "/",
    expires: -1,
  });
  await page.evaluate(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: it is what is tried.
    document.cookie = "__Host-planted=by a script; path=/";
  });
  expect((await ada.cookies()).map(({ name }) => name)).toEqual(["__Host-session"]);
});

it("SameSite=Strict: who comes by another site's link is a stranger there", async () => {
  const origin = await visitsCounted({ sameSite: "Strict" });
  ada = await browser.newContext();
  const page = await ada.newPage();
  await page.goto(origin);
  await page.reload();
  expect(await page.textContent("p")).toBe("visit 2");
  const [before] = await ada.cookies();
  await otherSite.visit(page, origin);
  await page.getByRole("link").click();
  await page.locator("p").waitFor();
  expect(await page.textContent("p")).toBe("visit 1");
  expect(before?.sameSite).toBe("Strict");
});

it("SameSite=Lax: who comes by another site's link is known at once", async () => {
  const origin = await visitsCounted({});
  ada = await browser.newContext();
  const page = await ada.newPage();
  await page.goto(origin);
  await otherSite.visit(page, origin);
  await page.getByRole("link").click();
  await page.locator("p").waitFor();
  expect(await page.textContent("p")).toBe("visit 2");
});
