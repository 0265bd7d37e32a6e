// The demo, as a person in front of a browser has it.
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../support/program.js";
import { countRows, createTable, testClient } from "../support/tables.js";
import { type Complaints, keep, launch, listen, newProfile, overflow, paleTexts } from "./chromium.js";
import { type Doors, startDemo } from "./demo-program.js";
import { expireAll } from "./rows.js";

const FRAMEWORKS = ["Express", "Koa", "Hono"] as const;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1440, height: 900 };

const client = testClient();
let table: string;
let demo: Program<Doors>;
let browser: Browser;
let complaints: Complaints[] = [];
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  table = await createTable(client);
  [demo, browser] = await Promise.all([startDemo(table), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  client.destroy();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  // Nothing broke on any page, and no page asked for what its policy forbids.
  const texts = complaints.flatMap((one) => one.texts);
  complaints = [];
  // Where a session has ended, the browser says of the request that it was refused.
  expect(texts.filter((text) => !text.includes("401"))).toEqual([]);
});

/** Somebody with cookies of their own. */
async function person(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: DESK, ...options });
  contexts.push(context);
  complaints.push(listen(context));
  return context;
}

async function open(context: BrowserContext, framework: keyof Doors = "Express"): Promise<Page> {
  const page = await context.newPage();
  await page.goto(demo.ready[framework]);
  return page;
}

const nameOn = (page: Page) => page.locator("#user-name");
const signedIn = (page: Page) => page.getByRole("button", { name: "Sign out", exact: true });
const signInForm = (page: Page) => page.getByRole("heading", { name: "Who is shopping?" });
const inCart = (page: Page, product: string) =>
  page.locator(".cart-line", { hasText: product }).locator("output");
const put = (page: Page, product: string) =>
  page.getByRole("button", { name: `Put ${product} in the cart` }).click();

async function signIn(page: Page, name = "Ada"): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await signedIn(page).waitFor();
}

async function text(page: Page, selector: string): Promise<string> {
  const found = page.locator(selector);
  await found.filter({ hasText: /./ }).waitFor();
  return (await found.textContent()) ?? "";
}

describe("one session at three frameworks", () => {
  it("who signs in at one has signed in at all; what is done at each is seen at the others, live", async () => {
    const ada = await person();
    const express = await open(ada);
    await signIn(express);
    const koa = await open(ada, "Koa");
    await expect.poll(() => nameOn(koa).textContent()).toBe("Ada");
    await put(koa, "Teapot");
    await inCart(koa, "Teapot").waitFor();
    // Nobody touches the first tab.
    await inCart(express, "Teapot").waitFor();
    await express.getByRole("link", { name: "Hono" }).click();
    await express.waitForURL(`${demo.ready.Hono}/`);
    await inCart(express, "Teapot").waitFor();
    await expect.poll(() => express.title()).toContain("Hono");
    await put(express, "Record");
    await inCart(koa, "Record").waitFor();
    const keys = await Promise.all([express, koa].map((page) => text(page, "#attributes dd >> nth=0")));
    expect(keys[0]).toBe(keys[1]);
  });

  it.each(FRAMEWORKS)(
    "a sign-out at %s ends it in the other tabs, which say so; back brings nothing",
    async (framework) => {
      const ada = await person();
      const [here, there] = [await open(ada, framework), await open(ada, "Koa")];
      await signIn(here);
      await signedIn(there).waitFor();
      await here.goto(`${demo.ready[framework]}/?again`);
      await signedIn(here).click();
      await signInForm(here).waitFor();
      await signInForm(there).waitFor();
      expect(await text(there, "#message")).toContain("Your session has ended");
      await here.goBack();
      await signInForm(here).waitFor();
      expect(await signedIn(here).isVisible()).toBe(false);
      expect(await ada.cookies()).not.toContainEqual(expect.objectContaining({ name: "demo-session" }));
    },
  );

  it("a tab that has not heard of the sign-out yet cannot act any more", async () => {
    const ada = await person();
    const [here, there] = [await open(ada), await open(ada, "Hono")];
    await signIn(here);
    await signedIn(there).waitFor();
    await there.clock.install();
    await there.reload();
    // Its clock stands: it looks at nothing by itself.
    await there.clock.pauseAt(Date.now() + 60_000);
    await signedIn(there).waitFor();
    await signedIn(here).click();
    await signInForm(here).waitFor();
    await put(there, "Candle");
    await signInForm(there).waitFor();
    expect(await text(there, "#message")).toContain("Your session has ended");
  });
});

describe("what makes the store different, live", () => {
  it("six requests at once travel as one read, and cost less than 0.0.19 would have used", async () => {
    const page = await open(await person());
    await signIn(page);
    await page.getByRole("button", { name: "Send six requests at once" }).click();
    const result = await text(page, "#reads-result");
    const [, requests, reads, writes, units, before] =
      /^(\d) requests, (\d) reads? and (\d) writes?: (\d+) units?\. 0\.0\.19 would have used (\d+)\.$/.exec(
        result,
      ) ?? [];
    expect([requests, writes, before]).toEqual(["6", "0", "6"]);
    expect(Number(reads)).toBeLessThanOrEqual(6);
    expect(Number(units)).toBe(Number(reads));
    expect(await page.locator("#reads-tiles .loaded").count()).toBe(6);
  });

  it("of six changes at once, two at each framework, none is lost", async () => {
    const page = await open(await person());
    await signIn(page);
    await page.getByRole("button", { name: "Put six things in at once" }).click();
    expect(await text(page, "#changes-result")).toMatch(/^6 of 6 are in the cart; /);
    expect(await page.locator(".cart-line").count()).toBe(6);
    const tiles = await page.locator("#changes-tiles small").allTextContents();
    expect(tiles.map((tile) => tile.split(",")[0])).toEqual([...FRAMEWORKS, ...FRAMEWORKS]);
  });

  it.each(FRAMEWORKS)("a sign-out at %s stays final against a slow request", async (framework) => {
    const ada = await person();
    const page = await open(ada, framework);
    await signIn(page);
    await page.getByRole("button", { name: "Sign out meanwhile" }).click();
    expect(await text(page, "#sign-out-result")).toMatch(
      /^The slow request's write was refused: nobody is signed in, and there is no row\./,
    );
    expect(await page.locator("#row-empty").isVisible()).toBe(true);
    await page.reload();
    await signInForm(page).waitFor();
    expect(await ada.cookies()).not.toContainEqual(expect.objectContaining({ name: "demo-session" }));
  });
});

describe("the session's cookie", () => {
  it("is out of the reach of scripts, comes from no other site's form, and ends with the browser", async () => {
    const ada = await person();
    const page = await open(ada);
    await signIn(page);
    const cookies = await ada.cookies();
    expect(cookies.find(({ name }) => name === "demo-session")).toMatchObject({
      httpOnly: true,
      sameSite: "Lax",
      expires: -1,
    });
    expect(await page.evaluate(() => document.cookie)).toBe("");
  });

  it("is gone when the browser was closed, though the row is there; a refresh leaves it", async () => {
    const profile = await newProfile();
    try {
      const before = await profile.open();
      const page = await open(before);
      await signIn(page);
      await page.reload();
      await signedIn(page).waitFor();
      const rows = await countRows(client, table);
      await before.close();
      const after = await profile.open();
      const again = await open(after);
      await signInForm(again).waitFor();
      expect(await countRows(client, table)).toBe(rows);
      await after.close();
    } finally {
      await profile.remove();
    }
  });

  it("opens nothing once the session has expired, and the page says so", async () => {
    const page = await open(await person());
    await signIn(page);
    await expireAll(client, table);
    await signInForm(page).waitFor();
    expect(await text(page, "#message")).toContain("it expired");
    await page.reload();
    await signInForm(page).waitFor();
  });
});

describe("the page", () => {
  it("can be used by the keyboard alone", async () => {
    const page = await open(await person());
    await signInForm(page).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the session's row");
    await page.locator("#name").focus();
    await page.keyboard.type("Grace");
    await page.keyboard.press("Enter");
    await signedIn(page).waitFor();
    // Where the form was, the focus goes to what one would do next.
    await page.keyboard.press("Enter");
    await inCart(page, "Teapot").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await inCart(page, "Notebook").waitFor();
  });

  it("asks for little, and for nothing from elsewhere", async () => {
    const context = await person();
    const page = await context.newPage();
    const asked: { url: string; bytes: number }[] = [];
    page.on("response", async (response) => {
      const body = await response.body().catch(() => Buffer.alloc(0));
      asked.push({ url: response.url(), bytes: body.length });
    });
    await page.goto(demo.ready.Koa, { waitUntil: "load" });
    await signInForm(page).waitFor();
    const { origin } = new URL(demo.ready.Koa);
    expect(asked.filter(({ url }) => !url.startsWith(origin))).toEqual([]);
    expect(asked.length).toBeLessThan(20);
    expect(asked.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(100_000);
  });

  const looks: [name: string, options: BrowserContextOptions][] = [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["phone-light", { colorScheme: "light", viewport: PHONE, hasTouch: true, isMobile: true }],
    ["phone-dark", { colorScheme: "dark", viewport: PHONE, hasTouch: true, isMobile: true }],
  ];
  it.each(looks)("fits and can be read, %s, before and after", async (name, options) => {
    const page = await open(await person(options));
    await signInForm(page).waitFor();
    await page.locator("#doors a").first().waitFor();
    expect([await overflow(page), await paleTexts(page)]).toEqual([0, []]);
    await keep(page, `demo-${name}-signed-out`);
    await signIn(page);
    await page.getByRole("button", { name: "Put six things in at once" }).click();
    await text(page, "#changes-result");
    await page.getByRole("button", { name: "Send six requests at once" }).click();
    await text(page, "#reads-result");
    expect(await overflow(page)).toBe(0);
    await keep(page, `demo-${name}`);
    // What was marked as new has faded in the picture, and its marks are gone.
    expect(await paleTexts(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign out meanwhile" }).click();
    await text(page, "#sign-out-result");
    expect(await overflow(page)).toBe(0);
    await keep(page, `demo-${name}-after`);
  });
});
