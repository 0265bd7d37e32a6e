// The Koa store's options: what cannot be meant is refused by name when the store is made.
import { describe, expect, it } from "vitest";
import { SessionStoreError } from "../../src/core/index.js";
import { CyclicSessionStore } from "../../src/koa/index.js";

const table = { name: "sessions" };

// What a JavaScript caller may pass, whatever the types say.
function make(options: unknown) {
  return () => new CyclicSessionStore(JSON.parse("{}").none ?? options);
}

describe("an option that cannot be meant is refused by name, with what was given", () => {
  it.each([
    { options: undefined, says: /^table: .*got nothing/ },
    { options: null, says: /^table: .*got nothing/ },
    { options: {}, says: /^table: .*got nothing/ },
    { options: { table: { name: undefined } }, says: /^table\.name: .*got nothing/ },
    { options: { table, ttl: -1 }, says: /^ttl: .*got -1/ },
    { options: { table, tll: 5 }, says: /^tll: no such option.*ttl/ },
    { options: { table, maxAge: 5 }, says: /^maxAge: no such option/ },
    { options: { table, renew: true }, says: /^renew: .*function.*got true/ },
    { options: { table, renew: false }, says: /^renew: .*got false/ },
    { options: { table, renew: null }, says: /^renew: .*got null/ },
    { options: { table, renew: "yes" }, says: /^renew: .*got "yes"/ },
  ])("$options", ({ options, says }) => {
    expect(make(options)).toThrow(SessionStoreError);
    expect(make(options)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringMatching(says) }),
    );
  });
});

it("options that can be meant are taken", async () => {
  for (const options of [
    { table },
    { table, renew: undefined },
    { table, renew: () => false, ttl: () => 5 },
  ]) {
    await make(options)().close();
  }
});
