// A real browser: Debian's Chromium without a window, and with a profile that is empty.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { CHROMIUM } from "../../scripts/chromium.mjs";
import { ROOT } from "../packaging/consumer.js";

const LAUNCH = {
  executablePath: CHROMIUM,
  chromiumSandbox: false,
  // It asks nobody but the servers under test.
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** What the browser complained of, on any of a person's pages. */
export interface Complaints {
  readonly texts: string[];
}

/** A browser for people who share nothing: each has a context of their own. */
export function launch(): Promise<Browser> {
  return chromium.launch(LAUNCH);
}

/** A browser whose profile outlives it. */
export interface Profile {
  open(options?: BrowserContextOptions): Promise<BrowserContext>;
  remove(): Promise<void>;
}

export async function newProfile(): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), "session-store-profile-"));
  return {
    open: (options) => chromium.launchPersistentContext(folder, { ...LAUNCH, ...options }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Listens to all that the pages of a context complain of: errors, and what their policy forbids. */
export function listen(context: BrowserContext): Complaints {
  const texts: string[] = [];
  context.on("weberror", (error) => texts.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error") texts.push(message.text());
  });
  return { texts };
}

const SCREENSHOTS = join(ROOT, ".artifacts", "screenshots");

/** Keeps what a page looks like, for people. */
export async function keep(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  // What stays in sight stands where it does at first, and what was marked as new has faded.
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true, animations: "disabled" });
}

/** How far the page can be scrolled to the side. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
