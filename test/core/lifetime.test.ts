// How long a session is to live, by what is known of it: the option `ttl`, its cookie, and what the request means.
import { describe, expect, it } from "vitest";
import { lifetimeBy, type SessionLifetime } from "../../src/core/lifetime.js";
import type { ResolvedOptions, SessionData } from "../../src/core/options.js";
import { unhandledDuring } from "../support/unhandled.js";

const DAY = 86_400_000;
const data = '{"user":"ada"}';

/** No field is any framework's. */
const none = () => false;

describe("a session lives", () => {
  it.each<{ why: string; cookie: SessionLifetime; ttl?: ResolvedOptions["ttl"]; is: object }>([
    { why: "a day where nobody says", cookie: {}, is: { ms: DAY, grace: 0, renews: true } },
    { why: "as long as its cookie", cookie: { maxAge: 5000 }, is: { ms: 5000, grace: 0, renews: true } },
    {
      why: "and its row longer than a cookie that says so",
      cookie: { maxAge: 5000, grace: 700 },
      is: { ms: 5000, grace: 700, renews: true },
    },
    {
      why: "and its row no longer than that where no cookie says how long",
      cookie: { grace: 700 },
      is: { ms: DAY, grace: 0, renews: true },
    },
    {
      why: "as long as `ttl`, which wins over the cookie, and its row no longer",
      cookie: { maxAge: 5000, grace: 700 },
      ttl: 9000,
      is: { ms: 9000, grace: 0, renews: true },
    },
    {
      why: "as before where the request is passive",
      cookie: { maxAge: 5000, renew: false },
      is: { ms: 5000, grace: 0, renews: false },
    },
    {
      why: "as `ttl` makes of its data",
      cookie: { maxAge: 5000, grace: 700 },
      ttl: ({ user }: SessionData) => (user === "ada" ? 7000 : 1),
      is: { ms: 7000, grace: 0, renews: true },
    },
    {
      why: "as `ttl` makes of its data, and as before where the request is passive",
      cookie: { renew: false },
      ttl: () => 7000,
      is: { ms: 7000, grace: 0, renews: false },
    },
    {
      why: "as a door makes of its data",
      cookie: ({ user }) => (user === "ada" ? { maxAge: 7000, grace: 9 } : {}),
      is: { ms: 7000, grace: 9, renews: true },
    },
    {
      why: "as before where a door makes nothing of its data, and there is no `ttl`",
      cookie: () => undefined,
      is: { ms: 9e13, grace: 0, renews: false },
    },
    {
      why: "as `ttl` where a door makes nothing of its data",
      cookie: () => undefined,
      ttl: 9000,
      is: { ms: 9000, grace: 0, renews: true },
    },
  ])("$why", ({ cookie, ttl, is }) => {
    expect(lifetimeBy(data, cookie, { ttl }, none)).toEqual(is);
  });

  it("as is made of nothing where its data cannot be read", () => {
    const seen: SessionData[] = [];
    const note = (given: SessionData) => {
      seen.push(given);
      return 7000;
    };
    lifetimeBy("{", (given) => ({ maxAge: note(given) }), { ttl: note }, none);
    expect(seen).toEqual([{}, {}]);
  });

  it.each([
    { what: "nothing", give: () => undefined, got: "got nothing" },
    { what: "less than a millisecond", give: () => 0.5, got: "got 0.5" },
    { what: "a promise", give: () => Promise.resolve(5), got: "got an object" },
  ])("by no function `ttl` that gives $what", ({ give, got }) => {
    const ttl: ResolvedOptions["ttl"] = () => JSON.parse("{}").none ?? give();
    expect(() => lifetimeBy(data, {}, { ttl }, none)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTIONS",
        message: `ttl: expected milliseconds, 1 or more, of the function, ${got}`,
      }),
    );
  });

  it("by no promise of a function `ttl`, whose failure is nobody's", async () => {
    const ttl: ResolvedOptions["ttl"] = () => JSON.parse("{}").none ?? Promise.reject(new Error("late"));
    const unhandled = await unhandledDuring(async () => {
      expect(() => lifetimeBy(data, {}, { ttl }, none)).toThrow(/got an object$/);
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });
});
