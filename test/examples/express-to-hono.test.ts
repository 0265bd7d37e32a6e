// The shop that moves from Express to Hono, as its visitors see it: one of them goes on through every step, while the servers
// are replaced behind them.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.js";
import type { Program } from "../support/program.js";
import { countRows, createTable, testClient } from "../support/tables.js";
import { Browser, type BrowserOptions, lifetimeIn } from "./browser.js";
import { dynamoDbAt, makeProject, type Project } from "./project.js";

/** For servers of five steps on a machine that has much else to do. */
const LONG_MS = 120_000;

const SLOW_MS = 300;

const client = testClient();
let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(async () => {
  client.destroy();
  await project?.remove();
});

/** A step, and which routes have moved in the second. */
type Step = readonly [name: "step-1" | "step-2" | "step-3", moved?: string];

const STEPS: readonly Step[] = [
  ["step-1"],
  ["step-2", "/cart"],
  ["step-2", "/cart /account"],
  ["step-2", "/cart /account /sign-in /sign-out"],
  ["step-3"],
];

interface Shop {
  readonly table: string;
  start(step: Step): Promise<Program<string>>;
}

/** Servers over a table of their own. */
async function openShop(more: Record<string, string> = {}): Promise<Shop> {
  const table = await createTable(client);
  const settings = {
    ...dynamoDbAt(inject("endpoint")),
    TABLE: table,
    SECRET: "s".repeat(32),
    ...more,
  };
  const commands = await project.commands("express-to-hono");
  return {
    table,
    async start([name, moved]) {
      const env = moved === undefined ? settings : { ...settings, MOVED: moved };
      const program = await project.start("express-to-hono", commands[name] ?? "", env);
      onTestFinished(() => program.stop());
      return program;
    },
  };
}

/** Servers of one step that stay, and how to come to them. */
async function openStep(step: Step): Promise<(options?: BrowserOptions) => Promise<Browser>> {
  const { ready } = await (await openShop()).start(step);
  return (options) => visitor(ready, options);
}

async function visitor(origin: string, options: BrowserOptions = {}): Promise<Browser> {
  const browser = new Browser(origin, options);
  expect((await browser.visit()).status).toBe(200);
  return browser;
}

const titleOf = ({ page }: Browser) => /<h1>(.*?)<\/h1>/.exec(page.html)?.[1];
const cartOf = ({ page }: Browser) => page.below(/^Your cart/);
const addressOf = ({ page }: Browser) => {
  const { fields } = page.forms.find(({ button }) => button === "Save") ?? {};
  return Object.fromEntries(fields ?? []);
};

it("a visitor stays signed in, with the cart, through every step", { timeout: LONG_MS }, async () => {
  const shop = await openShop();
  let cookies: ReadonlyMap<string, string> = new Map();
  let cart = 0;
  for (const step of STEPS) {
    const [name, moved = ""] = step;
    const program = await shop.start(step);
    const ada = await visitor(program.ready, { cookies });
    if (name === "step-1") await ada.press("Sign in", { name: "Ada" });
    expect([step, ada.page.below(/^Hello/)]).toEqual([step, "Hello, Ada Sign out"]);
    expect(titleOf(ada)).toBe(name === "step-3" ? "The shop on Hono" : "The shop on Express");
    if (cart > 0) expect(cartOf(ada)).toContain(`${cart} × Teapot`);

    await ada.press("Add Teapot");
    cart += 1;
    expect(cartOf(ada)).toContain(`${cart} × Teapot`);

    await ada.visit("/account");
    const isHonos = name === "step-3" || moved.includes("/account");
    expect(titleOf(ada)).toBe(`Your account on ${isHonos ? "Hono" : "Express"}`);
    expect(addressOf(ada).street).toBe(name === "step-1" ? "" : `${cart - 1} Broad Street`);
    await ada.press("Save", { street: `${cart} Broad Street` });
    expect(addressOf(ada).street).toBe(`${cart} Broad Street`);

    if (name !== "step-1") expect([step, ...ada.cookies]).toEqual([step, ...cookies]);
    cookies = ada.cookies;
    await program.stop();
    expect(program.complaints()).toBe("");
  }
  expect(await countRows(client, shop.table)).toBe(1);
});

it("a visitor signs in at either framework for both, under a new id", async () => {
  for (const moved of ["/account", "/sign-in"]) {
    const visit = await openStep(["step-2", moved]);
    const ada = await visit();
    await ada.press("Add Teapot");
    const before = new Map(ada.cookies);
    await ada.press("Sign in", { name: "Ada" });
    expect(ada.page.below(/^Hello/)).toBe("Hello, Ada Sign out");
    expect(cartOf(ada)).toContain("1 × Teapot");
    await ada.visit("/account");
    expect(titleOf(ada)).toMatch(/^Your account on/);
    expect((await visit({ cookies: before })).page.below(/^Welcome/)).toContain("Sign in");
  }
});

it("six requests in one moment, to both frameworks, lose nothing", async () => {
  const visit = await openStep(["step-2", "/cart"]);
  const ada = await visit();
  await ada.press("Sign in", { name: "Ada" });
  await Promise.all([
    ada.send("/cart/add", { product: "teapot" }),
    ada.send("/account", { street: "1 Broad Street" }),
    ada.send("/cart/add", { product: "lamp" }),
    ada.send("/account", { city: "London" }),
    ada.send("/cart/add", { product: "notebook" }),
    ada.send("/cart/add", { product: "record" }),
  ]);
  await ada.visit();
  for (const name of ["Teapot", "Desk lamp", "Notebook", "Record"])
    expect(cartOf(ada)).toContain(`1 × ${name}`);
  await ada.visit("/account");
  expect(addressOf(ada)).toEqual({ street: "1 Broad Street", city: "London" });
});

it("six requests in one moment, to a server of each framework, lose nothing", async () => {
  const shop = await openShop();
  const [express, hono] = [await shop.start(["step-1"]), await shop.start(["step-3"])];
  const atExpress = await visitor(express.ready);
  await atExpress.press("Sign in", { name: "Ada" });
  const atHono = await visitor(hono.ready, { cookies: atExpress.cookies });
  await Promise.all([
    atExpress.send("/cart/add", { product: "teapot" }),
    atHono.send("/cart/add", { product: "lamp" }),
    atExpress.send("/account", { street: "1 Broad Street" }),
    atHono.send("/account", { city: "London" }),
    atExpress.send("/cart/add", { product: "notebook" }),
    atHono.send("/cart/add", { product: "record" }),
  ]);
  for (const ada of [atExpress, atHono]) {
    await ada.visit();
    for (const name of ["Teapot", "Desk lamp", "Notebook", "Record"])
      expect(cartOf(ada)).toContain(`1 × ${name}`);
    await ada.visit("/account");
    expect(addressOf(ada)).toEqual({ street: "1 Broad Street", city: "London" });
  }
});

it("a page of Hono's, to which Express redirects, has what Express saved, though the table takes its time", async () => {
  const proxy = await startFaultProxy(inject("endpoint"), async (action) => {
    if (action === "UpdateItem") await delay(SLOW_MS);
    return undefined;
  });
  onTestFinished(() => proxy.close());
  const shop = await openShop({ AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
  const { ready } = await shop.start(["step-2", "/"]);
  const ada = await visitor(ready);
  await ada.press("Sign in", { name: "Ada" });
  expect(titleOf(ada)).toBe("The shop on Hono");
  // As a browser it goes where it is sent when the headers say so, whatever comes of the body.
  const response = await fetch(`${ready}/cart/add`, {
    method: "POST",
    body: new URLSearchParams({ product: "teapot" }),
    headers: { cookie: [...ada.cookies].map((pair) => pair.join("=")).join("; ") },
  });
  expect(await response.text()).toContain("1 × Teapot");
});

it.each([
  ["Hono", "Express", "/sign-out"],
  ["Express", "Hono", "/account"],
])("a visitor who signs out at %s is out at %s", async (_at, _other, moved) => {
  const visit = await openStep(["step-2", moved]);
  const ada = await visit();
  await ada.press("Sign in", { name: "Ada" });
  await ada.press("Add Teapot");
  const thief = await visit({ cookies: new Map(ada.cookies) });
  await thief.visit("/account");
  expect(titleOf(thief)).toMatch(/^Your account/);
  await ada.visit();
  await ada.press("Sign out");
  expect(ada.page.below(/^Welcome/)).toContain("Sign in");
  expect(ada.cookies.size).toBe(0);
  for (const path of ["/", "/account"]) {
    await thief.visit(path);
    expect(thief.page.below(/^Welcome/)).toContain("Sign in");
    expect(cartOf(thief)).toContain("It is empty.");
  }
});

it("the cookie is the same at each step: its name, its attributes, how long it lives", {
  timeout: LONG_MS,
}, async () => {
  const shop = await openShop({ NODE_ENV: "production" });
  const https = { https: true, headers: { "x-forwarded-proto": "https" } };
  for (const step of STEPS) {
    const { ready } = await shop.start(step);
    const ada = await visitor(ready, https);
    await ada.press("Add Teapot");
    await ada.press("Sign in", { name: "Ada" });
    await ada.visit("/account");
    await ada.press("Save", { city: "London" });
    expect(ada.setCookies.length).toBeGreaterThan(3);
    for (const line of ada.setCookies) {
      const [pair = "", ...attributes] = line.toLowerCase().split(/; */);
      expect([step, pair]).toEqual([step, expect.stringMatching(/^session=s%3a/)]);
      expect(lifetimeIn(attributes)).toBeCloseTo(7 * 24 * 60 * 60, -2);
      expect(flagsIn(attributes)).toEqual(FLAGS);
    }
    await ada.visit();
    ada.setCookies.length = 0;
    await ada.press("Sign out");
    expect(ada.cookies.size).toBe(0);
    const [gone = ""] = ada.setCookies;
    expect(gone).toMatch(/^session=;/);
    expect(flagsIn(gone.toLowerCase().split(/; */).slice(1))).toEqual(FLAGS);
  }
  expect(await countRows(client, shop.table)).toBe(0);
});

const FLAGS = ["httponly", "path=/", "samesite=lax", "secure"];

/** What the browser is told of a cookie, but for how long it keeps it. */
function flagsIn(attributes: readonly string[]): string[] {
  return attributes.filter((attribute) => !/^(max-age|expires)=/.test(attribute)).sort();
}
