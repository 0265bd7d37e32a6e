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

/** Texts that stand out too little from what is behind them, by the ratios of WCAG 2.2 (1.4.3). */
export function paleTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const channels = (colour: string): number[] => {
      canvas?.clearRect(0, 0, 1, 1);
      if (canvas) canvas.fillStyle = colour;
      canvas?.fillRect(0, 0, 1, 1);
      return [...(canvas?.getImageData(0, 0, 1, 1).data ?? [])];
    };
    const luminance = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
        const share = channel / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    // What a page stands on that has no background of its own, light or dark.
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.backgroundColor = "Canvas";
    const ground = getComputedStyle(probe).backgroundColor;
    probe.remove();
    const behind = (element: Element | null): string => {
      if (element === null) return ground;
      const { backgroundColor } = getComputedStyle(element);
      return channels(backgroundColor)[3] === 255 ? backgroundColor : behind(element.parentElement);
    };
    const pale = [...document.querySelectorAll("body *")].filter((element) => {
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim());
      if (!hasText || element.matches(":disabled, title") || !element.checkVisibility()) return false;
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const [least = 0, most = 0] = [luminance(color), luminance(behind(element))].sort((a, b) => a - b);
      const size = Number.parseFloat(fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      return (most + 0.05) / (least + 0.05) < (isLarge ? 3 : 4.5);
    });
    return pale.map((element) => `${element.tagName} ${element.className}: ${element.textContent?.trim()}`);
  });
}
