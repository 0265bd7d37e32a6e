// What the shops make of their environment.
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../packaging/consumer.js";

type Settings = (env: Record<string, string>) => Record<string, unknown>;

const { settings }: { settings: Settings } = await import(join(ROOT, "examples", "shop", "settings.js"));

const TABLE = "sessions";
const SECRET = "s".repeat(32);

it("a shop with a table and a secret listens where nobody else on the network can ask it", () => {
  expect(settings({ TABLE, SECRET })).toEqual({
    table: TABLE,
    secret: SECRET,
    https: false,
    host: "127.0.0.1",
    port: 3000,
  });
});

it("a shop listens where it is told to, and in production its visitors come by HTTPS", () => {
  const told = settings({ TABLE, SECRET, NODE_ENV: "production", HOST: "0.0.0.0", PORT: "8080" });
  expect(told).toMatchObject({ https: true, host: "0.0.0.0", port: 8080 });
});

it.each([
  ["no table", { SECRET }, /^please set in the environment TABLE: [^:]*$/],
  ["an empty table", { TABLE: "", SECRET }, /^please set in the environment TABLE: [^:]*$/],
  ["no secret", { TABLE }, /^please set in the environment SECRET: [^:]*$/],
  ["a secret that can be guessed", { TABLE, SECRET: "s".repeat(31) }, /^please set .* SECRET: [^:]*$/],
  ["neither", {}, /TABLE: .*, and SECRET: /],
])("a shop with %s does not open, and says what it wants", (_, env, message) => {
  expect(() => settings(env)).toThrow(message);
});
