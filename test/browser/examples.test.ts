// The examples' shop on Express, Koa and Hono, as a person in front of a browser has it.
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { dynamoDbAt, makeProject, type Project } from "../examples/project.js";
import { SHOPS, type Shop } from "../examples/shops.js";
import type { Program } from "../support/program.js";
import { createTable, readRows, testClient } from "../support/tables.js";
import { keep, launch, newProfile, overflow, paleTexts } from "./chromium.js";
import { type OtherSite, openOtherSite } from "./other-site.js";
import { expireAll } from "./rows.js";

const A_WEEK_SECONDS = 7 * 24 * 60 * 60;

const client = testClient();
let project: Project;
let browser: Browser;
let otherSite: OtherSite;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  [project, browser, otherSite] = await Promise.all([makeProject(), launch(), openOtherSite()]);
});
afterAll(async () => {
  await browser?.close();
  await otherSite?.close();
  await project?.remove();
  client.destroy();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

/** Somebody with cookies of their own. */
async function person(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  contexts.push(context);
  return context;
}

const press = (page: Page, button: string) => page.getByRole("button", { name: button, exact: true }).click();
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });
const bought = (page: Page) => page.locator("section:has(#cart) li > span:first-child");

/** Puts a product in the cart, and sees it there. */
async function add(page: Page, product: string): Promise<void> {
  await press(page, `Add ${product}`);
  await bought(page).filter({ hasText: product }).waitFor();
}

async function signIn(page: Page, name = "Ada"): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await heading(page, `Hello, ${name}`).waitFor();
}

const shops = SHOPS.filter(({ folder }) => ["express", "koa", "hono"].includes(folder));
describe.each(shops)("the shop on $place", (shop: Shop) => {
  let table: string;
  let env: Record<string, string>;
  let running: Program<string>;

  beforeAll(async () => {
    table = await createTable(client);
    env = {
      ...dynamoDbAt(inject("endpoint")),
      TABLE: table,
      SECRET: "known to the tests alone, and long enough",
    };
    await shop.prepare?.(project);
    running = await shop.start(project, env);
  });
  afterAll(() => running?.stop());

  async function open(context: BrowserContext, origin = running.ready): Promise<Page> {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  }

  /** The carts in the table, by who is signed in. */
  async function cartsInTable(): Promise<Map<string, unknown>> {
    const rows = await readRows(client, table);
    const sessions = rows.map(({ sess }) => JSON.parse(sess?.S ?? "{}"));
    return new Map(sessions.map(({ user, cart }) => [user, cart]));
  }

  it("knows who has signed in after a refresh, in another tab, and when the browser was closed", async () => {
    const profile = await newProfile();
    onTestFinished(() => profile.remove());
    const before = await profile.open();
    const page = await open(before);
    await signIn(page);
    await add(page, "Teapot");
    await page.reload();
    await heading(page, "Hello, Ada").waitFor();
    const tab = await open(before);
    await heading(tab, "Hello, Ada").waitFor();
    expect(await bought(tab).allTextContents()).toEqual(["1 × Teapot"]);
    await before.close();

    const after = await profile.open();
    const again = await open(after);
    await heading(again, "Hello, Ada").waitFor();
    expect(await bought(again).allTextContents()).toEqual(["1 × Teapot"]);
    await after.close();
  });

  it("lets nobody act who has signed out in another tab, nor come back by the button", async () => {
    const katherine = await person();
    const [here, there] = [await open(katherine), await open(katherine)];
    await signIn(here, "Katherine");
    await add(here, "Record");
    await there.reload();
    await heading(there, "Hello, Katherine").waitFor();
    // An address of its own, for the button back to come to.
    await here.goto(`${running.ready}/?hers`);
    await press(here, "Sign out");
    await heading(here, "Welcome").waitFor();
    expect(await katherine.cookies()).toEqual([]);

    await add(there, "Teapot");
    await heading(there, "Welcome").waitFor();
    expect(await bought(there).allTextContents()).toEqual(["1 × Teapot"]);

    await here.goBack();
    expect(here.url()).toBe(`${running.ready}/?hers`);
    await heading(here, "Welcome").waitFor();
    expect(await here.getByText("Hello").count()).toBe(0);
    expect((await cartsInTable()).has("Katherine")).toBe(false);
  });

  it("asks to sign in again once the session has expired", async () => {
    const page = await open(await person());
    await signIn(page, "Grace");
    await expireAll(client, table);
    await page.reload();
    await heading(page, "Welcome").waitFor();
  });

  it("loses nothing of six requests that a page sends at once", async () => {
    // The shop's own pages run no scripts.
    const page = await open(await person({ bypassCSP: true }));
    await signIn(page, "Edsger");
    const statuses = await page.evaluate(async () => {
      const add = (product: string) =>
        fetch("/cart/add", { method: "POST", body: new URLSearchParams({ product }) });
      const products = ["teapot", "lamp", "notebook", "record"];
      const answers = await Promise.all([...products.map(add), fetch("/"), fetch("/")]);
      return answers.map(({ status }) => status);
    });
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
    await page.reload();
    expect((await bought(page).allTextContents()).sort()).toEqual([
      "1 × Desk lamp",
      "1 × Notebook",
      "1 × Record",
      "1 × Teapot",
    ]);
  });

  it("another site brings visitors, and acts for none", async () => {
    const ada = await person();
    const page = await open(ada);
    await signIn(page, "Barbara");
    await add(page, "Teapot");
    const before = await ada.cookies(running.ready);

    const elsewhere = await ada.newPage();
    await otherSite.visit(elsewhere, running.ready);
    // In the background: neither is the cookie sent, nor one taken.
    await elsewhere.evaluate(async (shop) => {
      const body = new URLSearchParams({ product: "lamp" });
      await fetch(`${shop}/cart/add`, { method: "POST", mode: "no-cors", credentials: "include", body });
    }, running.ready);
    expect(await ada.cookies(running.ready)).toEqual(
      before.map((cookie) => expect.objectContaining(nameAndValue(cookie))),
    );
    await elsewhere.getByRole("link").click();
    await heading(elsewhere, "Hello, Barbara").waitFor();
    expect(await bought(elsewhere).allTextContents()).toEqual(["1 × Teapot"]);

    // In sight: the shop takes who comes by the form for a stranger.
    await otherSite.visit(elsewhere, running.ready);
    await elsewhere.getByRole("button").click();
    await heading(elsewhere, "Welcome").waitFor();
    expect((await cartsInTable()).get("Barbara")).toEqual({ teapot: 1 });
  });

  it("sets, in production, cookies for a week that no script reads and that travel by HTTPS alone", async () => {
    const inProduction = await shop.start(project, { ...env, NODE_ENV: "production" });
    onTestFinished(() => inProduction.stop());
    // As the proxy in front says it. Chromium takes this machine's own address for as good as HTTPS.
    const ada = await person({ extraHTTPHeaders: { "x-forwarded-proto": "https" } });
    const page = await open(ada, inProduction.ready);
    await signIn(page);
    await page.reload();
    await heading(page, "Hello, Ada").waitFor();
    const cookies = await ada.cookies();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
      expect(cookie.expires - Date.now() / 1000).toBeCloseTo(A_WEEK_SECONDS, -2);
    }
    expect(await page.evaluate(() => document.cookie)).toBe("");
  });

  it.each(["light", "dark"] as const)("fits a phone and can be read, %s", async (colorScheme) => {
    const page = await open(await person({ colorScheme, viewport: { width: 360, height: 740 } }));
    await signIn(page);
    await add(page, "Desk lamp");
    expect([await overflow(page), await paleTexts(page)]).toEqual([0, []]);
    await keep(page, `shop-${shop.folder}-phone-${colorScheme}`);
  });
});

function nameAndValue({ name, value }: { name: string; value: string }) {
  return { name, value };
}
