// The examples' shop, on every framework and runtime, as visitors use it: its pages are read, its buttons pressed, and the
// table looked at. Each is started as its README says, from the packed package.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { PERMISSIONS } from "../../src/admin/policy.js";
import { PACKAGE, ROOT } from "../packaging/consumer.js";
import { denied, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import type { Program } from "../support/program.js";
import { countRows, createTable, testClient } from "../support/tables.js";
import { Browser, type BrowserOptions, lifetimeIn } from "./browser.js";
import { dynamoDbAt, exampleFolders, makeProject, type Project, packagesOf } from "./project.js";
import { PROGRAM_FOLDERS, SHOPS, type Shop } from "./shops.js";

const client = testClient();
let project: Project;
beforeAll(async () => {
  project = await makeProject(PROGRAM_FOLDERS);
});
afterAll(async () => {
  client.destroy();
  await project?.remove();
});

/** Deno has types to check first. */
const PREPARED_WITHIN_MS = 120_000;

// What they have in common, and those that have tests of their own.
const NO_SHOPS = ["express-to-hono", "opentelemetry", "servers", "shop"];

it("every example is asked", async () => {
  const asked = SHOPS.map(({ folder }) => folder);
  expect([...new Set([...asked, ...NO_SHOPS])].sort()).toEqual(await exampleFolders());
});

it("every example has a README, which names no command that is not there", async () => {
  for (const folder of await exampleFolders()) {
    const readme = await readFile(join(project.folder(folder), "README.md"), "utf8");
    const named = [...readme.matchAll(/\b(?:(?:npm|bun) run|deno task) ([\w-]+)/g)].map(
      ([, command]) => command,
    );
    expect([folder, ...Object.keys(await project.commands(folder))]).toEqual(
      expect.arrayContaining([folder, ...named]),
    );
  }
});

it("every example asks npm for what it is tested with here", async () => {
  const { devDependencies, version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const ours = { ...devDependencies, [PACKAGE]: `^${version}` };
  for (const folder of await exampleFolders()) {
    for (const [name, range] of Object.entries(await packagesOf(folder))) {
      // What Wrangler does, to bundle and to start workerd, the tests do themselves.
      if (name !== "wrangler") expect([folder, name, range]).toEqual([folder, name, ours[name]]);
    }
  }
});

for (const shop of SHOPS) {
  const isMandatory = process.env.SESSION_STORE_TEST_ALL === "1";
  // Skipped tests are printed by their names: the reason is the name.
  if (shop.problem !== undefined && !isMandatory) it.skip(`the shop on ${shop.place}: ${shop.problem}`);
  else describe(`the shop on ${shop.place}`, () => aShop(shop));
}

function aShop(shop: Shop): void {
  const SECRET = "known to the tests alone, and long enough";
  let table: string;
  let proxy: FaultProxy;
  const permitted: readonly string[] = PERMISSIONS.sessions.table;
  let env: Record<string, string>;
  let running: Program<string>;

  beforeAll(async () => {
    if (shop.problem !== undefined) throw new Error(shop.problem);
    table = await createTable(client);
    proxy = await startFaultProxy(inject("endpoint"), (action) =>
      permitted.includes(action) ? undefined : denied(action),
    );
    env = { ...dynamoDbAt(proxy.endpoint), TABLE: table, SECRET };
    await shop.prepare?.(project);
    running = await shop.start(project, env);
  }, PREPARED_WITHIN_MS);
  afterAll(async () => {
    await running?.stop();
    await proxy?.close();
  });

  /** A visitor with the shop's page in front. */
  async function visitor(options: BrowserOptions = {}, origin = running.ready): Promise<Browser> {
    const browser = new Browser(origin, { https: shop.https ?? false, ...options });
    expect((await browser.visit()).status).toBe(200);
    return browser;
  }

  const rows = () => countRows(client, table);
  const cartOf = ({ page }: Browser) => page.below(/^Your cart/);

  it("shows its goods, and keeps nothing of who only looks", async () => {
    const before = await rows();
    const browser = await visitor();
    expect(browser.page.html).toContain(`<h1>The shop on ${shop.place}</h1>`);
    expect(browser.page.below(/^Goods/)).toContain("Teapot € 34.00 Add");
    expect(cartOf(browser)).toBe("Your cart It is empty.");
    expect(browser.setCookies).toEqual([]);
    expect(await rows()).toBe(before);
  });

  it("lets a visitor fill a cart and take things out of it", async () => {
    const before = await rows();
    const browser = await visitor();
    await browser.press("Add Teapot");
    await browser.press("Add Notebook");
    await browser.press("Add Teapot");
    expect(cartOf(browser)).toBe(
      "Your cart 2 × Teapot € 68.00 Remove 1 × Notebook € 9.00 Remove Together € 77.00",
    );
    await browser.press("Remove Teapot");
    expect(cartOf(browser)).toBe("Your cart 1 × Notebook € 9.00 Remove Together € 9.00");
    expect((await rows()) - before).toBe(1);
  });

  it("gives who signs in a new session, with the cart; the old one opens nothing", async () => {
    const before = await rows();
    const browser = await visitor();
    await browser.press("Add Desk lamp");
    const cookies = new Map(browser.cookies);
    await browser.press("Sign in", { name: "Ada" });
    expect(browser.page.below(/^Hello/)).toBe("Hello, Ada Sign out");
    expect(cartOf(browser)).toContain("1 × Desk lamp");
    for (const [name, value] of cookies) expect(browser.cookies.get(name)).not.toBe(value);
    const thief = await visitor({ cookies });
    expect(thief.page.below(/^Welcome/)).toContain("Sign in");
    expect(cartOf(thief)).toContain("It is empty.");
    expect((await rows()) - before).toBe(1);
  });

  it("knows its visitors after a restart", async () => {
    const browser = await visitor();
    await browser.press("Sign in", { name: "Grace" });
    await browser.press("Add Record");
    const again = await shop.start(project, env);
    onTestFinished(() => again.stop());
    const back = await visitor({ cookies: browser.cookies }, again.ready);
    expect(back.page.below(/^Hello/)).toBe("Hello, Grace Sign out");
    expect(cartOf(back)).toContain("1 × Record");
  });

  it("forgets who signs out: no cookie, no row, and the old cookie opens nothing", async () => {
    const before = await rows();
    const browser = await visitor();
    await browser.press("Sign in", { name: "Ada" });
    await browser.press("Add Teapot");
    const cookies = new Map(browser.cookies);
    await browser.press("Sign out");
    expect(browser.page.below(/^Welcome/)).toContain("Sign in");
    expect(browser.cookies.size).toBe(0);
    expect(await rows()).toBe(before);
    const thief = await visitor({ cookies });
    expect(thief.page.below(/^Welcome/)).toContain("Sign in");
    expect(cartOf(thief)).toContain("It is empty.");
  });

  it("keeps its visitors apart", async () => {
    const [ada, grace] = [await visitor(), await visitor()];
    await ada.press("Sign in", { name: "Ada" });
    await grace.press("Add Teapot");
    await ada.press("Add Record");
    await Promise.all([ada.visit(), grace.visit()]);
    expect(ada.page.below(/^Hello/)).toContain("Ada");
    expect(cartOf(ada)).toContain("Record");
    expect(cartOf(ada)).not.toContain("Teapot");
    expect(grace.page.below(/^Welcome/)).toContain("Sign in");
    expect(cartOf(grace)).toContain("Teapot");
    expect(cartOf(grace)).not.toContain("Record");
  });

  it("shows what a visitor sends as text", async () => {
    const name = `"><script>alert('x')</script>&amp;`;
    const browser = await visitor();
    await browser.press("Sign in", { name });
    expect(browser.page.below(/^Hello/)).toBe(`Hello, ${name} Sign out`);
    expect(browser.page.html).not.toContain("<script");
  });

  it("answers with a page what it will not do, and changes nothing", async () => {
    const browser = await visitor();
    await browser.press("Add Teapot");
    const refusals: [path: string, fields: Record<string, string>, status: number, alert: RegExp][] = [
      ["/cart/add", { product: "<b>yacht</b>" }, 400, /^We do not sell that\.$/],
      ["/cart/add", {}, 400, /^We do not sell that\.$/],
      ["/cart/remove", { product: "__proto__" }, 400, /^We do not sell that\.$/],
      ["/sign-in", { name: "  " }, 400, /^Please give a name\.$/],
      ["/sign-in", { name: "A".repeat(41) }, 400, /^A name has at most 40 characters\.$/],
      ["/sign-in", { name: "A".repeat(5000) }, 413, /too large/],
      ["/nowhere", {}, 404, /^There is nothing here\.$/],
    ];
    for (const [path, fields, status, alert] of refusals) {
      const page = await browser.send(path, fields);
      expect([path, page.status]).toEqual([path, status]);
      expect(page.alert).toMatch(alert);
      expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    }
    await browser.visit();
    expect(browser.page.below(/^Welcome/)).toContain("Sign in");
    expect(cartOf(browser)).toContain("1 × Teapot");
  });

  it("answers with a page that says no more when the table fails, and goes on when it is back", async () => {
    const browser = await visitor();
    await browser.press("Add Teapot");
    const { decide } = proxy;
    onTestFinished(() => {
      proxy.decide = decide;
    });
    proxy.decide = (action) => denied(action);
    const page = await browser.visit();
    expect(page.status).toBe(500);
    expect(page.alert).toBe("Something went wrong. Please try again.");
    expect(page.html).not.toContain(table);
    await expect.poll(() => running.complaints()).toContain("ERR_SESSION_ACCESS");
    proxy.decide = decide;
    await browser.visit();
    expect(cartOf(browser)).toContain("1 × Teapot");
  });

  it("sends pages that no cache keeps and no script runs in", async () => {
    const { headers } = (await visitor()).page;
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("sets a cookie for a week that no script reads, no other site's form brings, and by HTTPS alone", async () => {
    const inProduction = await shop.start(project, { ...env, NODE_ENV: "production" });
    onTestFinished(() => inProduction.stop());
    // As the proxy in front says it.
    const headers = { "x-forwarded-proto": "https" };
    const browser = await visitor({ https: true, headers }, inProduction.ready);
    await browser.press("Add Teapot");
    expect(cartOf(browser)).toContain("1 × Teapot");
    expect(browser.setCookies.length).toBeGreaterThan(0);
    for (const line of browser.setCookies) {
      const attributes = line.toLowerCase().split(/; */).slice(1);
      expect(attributes).toEqual(expect.arrayContaining(["httponly", "samesite=lax", "secure", "path=/"]));
      expect(lifetimeIn(attributes)).toBeCloseTo(7 * 24 * 60 * 60, -2);
    }
  });

  it("says what it is not told", async () => {
    const { TABLE: _, ...others } = env;
    const complaints = await complaintsWith({ ...others, SECRET: "guessed soon" });
    expect(complaints).toContain("please set in the environment TABLE: ");
    expect(complaints).toContain("SECRET: at least 32 characters");
    expect(complaints).not.toContain("guessed soon");
  });

  /** What it complains of, with an environment that does not do. */
  async function complaintsWith(environment: Record<string, string>): Promise<string> {
    if (!shop.settingsByRequest) {
      return shop.start(project, environment).then(
        async (program) => {
          await program.stop();
          return "nothing";
        },
        (error: Error) => error.message,
      );
    }
    const program = await shop.start(project, environment);
    onTestFinished(() => program.stop());
    const page = await new Browser(program.ready).visit();
    expect([page.status, page.alert]).toEqual([500, "Something went wrong. Please try again."]);
    await expect.poll(() => program.complaints()).not.toBe("");
    return program.complaints();
  }

  it("needs the permissions that docs/security.md lists, and no others", async () => {
    proxy.requests.length = 0;
    const browser = await visitor();
    await browser.press("Add Teapot");
    await browser.press("Sign in", { name: "Ada" });
    await browser.press("Remove Teapot");
    await browser.press("Sign out");
    // Visitors who come in one moment are read together: what is left out where it is not permitted, and never on Workers.
    const asked = new Set([...proxy.requests, "BatchGetItem"]);
    expect([...asked].sort()).toEqual([...permitted].sort());
  });
}
