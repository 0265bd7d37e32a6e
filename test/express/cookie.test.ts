// What of a session's cookie is a change, and how long it says that the session lives.
import session from "express-session";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StoredCookie } from "../../src/core/doors.js";
import {
  cookieOf,
  expiresOf,
  isOfSameMake,
  maxAgeOf,
  PLAIN_COOKIE,
  settledCookie,
} from "../../src/express/cookie.js";

const NOW = 1_800_000_000_000;
const iso = (ms: number) => new Date(ms).toISOString();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A cookie as express-session makes it. */
function liveCookie(options: session.CookieOptions): session.Cookie {
  const Cookie = session.Cookie as unknown as new (options: session.CookieOptions) => session.Cookie;
  return new Cookie(options);
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("the cookie of a session", () => {
  it.each([
    { of: "nothing", session: undefined },
    { of: "null", session: null },
    { of: "a text", session: "cookie" },
    { of: "a number", session: 5 },
    { of: "data without one", session: { user: "ada" } },
    { of: "data where it is null", session: { cookie: null } },
    { of: "data where it is a text", session: { cookie: "a=b" } },
  ])("is none for $of", ({ session }) => {
    expect(cookieOf(session)).toBeUndefined();
  });

  it("is a copy of what stands in data", () => {
    const cookie = { originalMaxAge: null, path: "/" };
    const found = cookieOf({ cookie });
    expect(found).toEqual(cookie);
    expect(found).not.toBe(cookie);
  });

  it("is what express-session would store of a live one", () => {
    const cookie = liveCookie({ maxAge: 60_000, sameSite: "lax" });
    expect(asJson(cookieOf({ cookie }))).toEqual({
      originalMaxAge: 60_000,
      expires: iso(NOW + 60_000),
      httpOnly: true,
      path: "/",
      sameSite: "lax",
    });
  });
});

describe("how long a cookie says that its session lives", () => {
  it.each<{ says: string; cookie: StoredCookie | undefined; ms: number | undefined }>([
    { says: "none", cookie: undefined, ms: undefined },
    { says: "the plain one", cookie: PLAIN_COOKIE, ms: undefined },
    { says: "expires: null", cookie: { originalMaxAge: null, expires: null }, ms: undefined },
    { says: "expires: false", cookie: { originalMaxAge: false, expires: false }, ms: undefined },
    { says: "expires as a date", cookie: { expires: new Date(NOW + 50) }, ms: 50 },
    { says: "expires as text", cookie: { expires: iso(NOW + 50) }, ms: 50 },
    { says: "expires in the past", cookie: { expires: iso(NOW - 50) }, ms: -50 },
    {
      says: "expires and originalMaxAge",
      cookie: { expires: iso(NOW + 50), originalMaxAge: 9_000 },
      ms: 50,
    },
    { says: "maxAge", cookie: { maxAge: 7 }, ms: 7 },
    { says: "maxAge 0", cookie: { maxAge: 0, originalMaxAge: 5 }, ms: 0 },
    { says: "originalMaxAge alone", cookie: { originalMaxAge: 9_000 }, ms: 9_000 },
    { says: "expires as no date at all", cookie: { expires: "soon" }, ms: Number.NaN },
  ])("$says: $ms ms", ({ cookie, ms }) => {
    expect(maxAgeOf(cookie, NOW)).toBe(ms);
  });

  it("is told of a live cookie by the process's clock, which made it, and of a stored one by the store's", () => {
    const ahead = NOW + 1_000_000;
    expect(maxAgeOf(cookieOf({ cookie: liveCookie({ maxAge: 60_000 }) }), ahead)).toBe(60_000);
    expect(maxAgeOf({ expires: iso(ahead + 60_000) }, ahead)).toBe(60_000);
  });
});

describe("when a cookie ends", () => {
  it.each<{ cookie: StoredCookie; updated: number | undefined; end: string | undefined }>([
    { cookie: { originalMaxAge: 60_000 }, updated: NOW, end: iso(NOW + 60_000) },
    { cookie: { originalMaxAge: 60_000, expires: iso(NOW + 5) }, updated: NOW, end: iso(NOW + 60_000) },
    { cookie: { originalMaxAge: null }, updated: NOW, end: undefined },
    { cookie: {}, updated: NOW, end: undefined },
    { cookie: { originalMaxAge: "60000" }, updated: NOW, end: undefined },
    // Rows of other packages may not say when they were last written.
    { cookie: { originalMaxAge: 60_000 }, updated: undefined, end: undefined },
    // Beyond what a Date can be.
    { cookie: { originalMaxAge: 9e15 }, updated: NOW, end: undefined },
  ])("$cookie, last moved at $updated: $end", ({ cookie, updated, end }) => {
    expect(expiresOf(cookie, updated)).toBe(end);
  });
});

describe("a cookie", () => {
  const stored = (fields: object = {}) => ({
    originalMaxAge: 60_000,
    expires: iso(NOW - 10_000),
    httpOnly: true,
    path: "/",
    ...fields,
  });
  const live = (fields: object = {}) => ({
    ...stored(fields),
    expires: new Date(NOW + 60_000),
    // express-session's `cookie.data` names all of its fields.
    domain: undefined,
    partitioned: undefined,
    priority: undefined,
    ...fields,
  });

  describe("is unchanged, and written as it is stored,", () => {
    it.each<{ when: string; before: object; now: object }>([
      { when: "only its expires moved", before: {}, now: {} },
      { when: "its max age fell by a millisecond", before: {}, now: { originalMaxAge: 59_999 } },
      { when: "its max age fell by 999", before: {}, now: { originalMaxAge: 59_001 } },
      {
        when: "its short max age fell by less than a tenth",
        before: { originalMaxAge: 100 },
        now: { originalMaxAge: 91 },
      },
      {
        when: "it ends with the browser",
        before: { originalMaxAge: null, expires: null },
        now: { originalMaxAge: null, expires: null },
      },
      {
        when: "its end was set, and is the same",
        before: { originalMaxAge: null, expires: iso(NOW) },
        now: { originalMaxAge: null, expires: new Date(NOW) },
      },
    ])("when $when", ({ before, now }) => {
      const known = stored(before);
      expect(settledCookie(known, live(now))).toBe(known);
    });

    it("when it is compared with a live one that was written before", () => {
      const first = cookieOf({ cookie: liveCookie({ maxAge: 60_000 }) }) ?? {};
      vi.setSystemTime(NOW + 5);
      const second = cookieOf({ cookie: liveCookie({ maxAge: 60_000 }) }) ?? {};
      expect(settledCookie(first, second)).toBe(first);
    });
  });

  describe("is changed, and written as it is now,", () => {
    it.each<{ when: string; before: object; now: object }>([
      { when: "its max age grew by a millisecond", before: {}, now: { originalMaxAge: 60_001 } },
      { when: "its max age fell by a second", before: {}, now: { originalMaxAge: 59_000 } },
      {
        when: "its short max age fell by a tenth",
        before: { originalMaxAge: 100 },
        now: { originalMaxAge: 90 },
      },
      {
        when: "its max age was taken away",
        before: {},
        now: { originalMaxAge: null, expires: null },
      },
      {
        when: "it was given a max age",
        before: { originalMaxAge: null, expires: null },
        now: { originalMaxAge: 60_000 },
      },
      {
        when: "its end was set to another",
        before: { originalMaxAge: null, expires: iso(NOW) },
        now: { originalMaxAge: null, expires: new Date(NOW + 1) },
      },
      { when: "sameSite was set", before: {}, now: { sameSite: "lax" } },
      { when: "secure was unset", before: { secure: true }, now: { secure: false } },
      { when: "its path is another", before: {}, now: { path: "/app" } },
      { when: "its domain was removed", before: { domain: "example.com" }, now: { domain: undefined } },
    ])("when $when", ({ before, now }) => {
      const [known, current] = [stored(before), live(now)];
      // With the same max age, when it ends is no change.
      const isOfOneAge = known.originalMaxAge !== null && known.originalMaxAge === current.originalMaxAge;
      const expected = { ...current, ...(isOfOneAge && { expires: known.expires }) };
      expect(settledCookie(known, current)).toStrictEqual(expected);
    });
  });
});

describe("whether a cookie is of the make of one that could be used", () => {
  const usable = { originalMaxAge: 60_000, expires: "2026-11-26T00:00:00.000Z", path: "/", httpOnly: true };

  it.each([
    ["the same", {}, true],
    ["other times", { originalMaxAge: 1, expires: "2030-01-01T00:00:00.000Z" }, true],
    ["a time that is none", { expires: "2030-99-01T00:00:00.000Z" }, false],
    ["a max age beyond all dates", { originalMaxAge: 1e300 }, false],
    ["a max age in words", { originalMaxAge: "1 day" }, false],
    ["a max age in digits", { originalMaxAge: "60000" }, false],
    ["an end in milliseconds", { expires: 60_000 }, false],
    ["another path", { path: "/;" }, false],
    ["a field more", { serialize: "not a function" }, false],
    ["no end", { expires: null }, false],
  ])("%s", (_, changed, isSame) => {
    expect(isOfSameMake({ ...usable, ...changed }, usable)).toBe(isSame);
  });

  it("a field less", () => {
    expect(isOfSameMake({ path: "/" }, usable)).toBe(true);
  });
});
