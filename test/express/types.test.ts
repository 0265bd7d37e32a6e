// Types for applications: session data that they declare is what they read from a request and from the store, without
// a cast; and what they did not declare is refused. The compiler is the judge (`npm test -- types`).
import session from "express-session";
import { expectTypeOf, it } from "vitest";
import { CyclicSessionStore, type CyclicSessionStoreOptions } from "../../src/express/index.js";

declare module "express-session" {
  interface SessionData {
    shopper?: { name: string; cart: string[] };
  }
}

it("an application's own session data goes through the store's types", () => {
  const store = new CyclicSessionStore({
    table: { name: "sessions" },
    clientConfig: { region: "us-east-1" },
  });
  session({ store, secret: "secret", resave: false, saveUninitialized: false });

  const use = async () => {
    const data = await store.get("id");
    if (data === null) return;
    expectTypeOf(data.shopper?.cart).toEqualTypeOf<string[] | undefined>();
    await store.set("id", { ...data, shopper: { name: "ada", cart: [] } });
    // @ts-expect-error a cart is a list
    await store.set("id", { ...data, shopper: { name: "ada", cart: "tea" } });
    // @ts-expect-error nobody declared that
    data.shoper;
    store.get("id", (_error, found) =>
      expectTypeOf(found?.shopper?.name).toEqualTypeOf<string | undefined>(),
    );
    expectTypeOf(await store.length()).toEqualTypeOf<number>();
    expectTypeOf((await store.all()).id?.shopper?.name).toEqualTypeOf<string | undefined>();
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("an update is given what was declared, but for the cookie, and says what was written", () => {
  const use = async (store: CyclicSessionStore) => {
    const result = await store.update("id", (data) => {
      expectTypeOf(data.shopper?.cart).toEqualTypeOf<string[] | undefined>();
      // @ts-expect-error the cookie is express-session's
      data.cookie;
      // @ts-expect-error nobody declared that
      data.shoper;
      return { ...data, shopper: { name: "ada", cart: [...(data.shopper?.cart ?? []), "tea"] } };
    });
    expectTypeOf(result.outcome).toEqualTypeOf<"saved" | "gone">();
    // @ts-expect-error what is gone has no data
    result.data;
    if (result.outcome === "saved") {
      expectTypeOf(result.data.shopper?.cart).toEqualTypeOf<string[] | undefined>();
    }
    await store.update("id", async () => ({}));
    await store.update("id", (data) => {
      data.shopper = { name: "ada", cart: [] };
    });
    const returned = store.update(
      "id",
      (data) => data,
      (_error, found) => {
        expectTypeOf(found?.outcome).toEqualTypeOf<"saved" | "gone" | undefined>();
      },
    );
    expectTypeOf(returned).toEqualTypeOf<void>();
    // @ts-expect-error there is nothing to do
    await store.update("id");
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("options that are none are refused", () => {
  expectTypeOf<{ table: { name: string }; ttl: number }>().toExtend<CyclicSessionStoreOptions>();
  expectTypeOf<{ table: { name: string }; ttl: string }>().not.toExtend<CyclicSessionStoreOptions>();
  expectTypeOf<{ ttl: number }>().not.toExtend<CyclicSessionStoreOptions>();
});
