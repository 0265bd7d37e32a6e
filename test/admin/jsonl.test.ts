// The format of jsonl, one session a line: what is read, and what is said of a line that is not of it.
import { describe, expect, it } from "vitest";
import { linesOf, parseLine } from "../../src/admin/migrate/jsonl.js";

const TIME = 1_800_000_000_000;
const line = (fields: object) => JSON.stringify({ id: "a", data: {}, expires: TIME, ...fields });

describe("a line", () => {
  it.each([
    ["epoch milliseconds", { expires: TIME }, TIME],
    ["ISO 8601", { expires: "2027-01-15T08:00:00.000Z" }, TIME],
    ["ISO 8601 with an offset", { expires: "2027-01-15T10:00:00+02:00" }, TIME],
    ["an offset as PostgreSQL writes it", { expires: "2027-01-15T08:00:00.000000+00:00" }, TIME],
  ])("says when its session ends: %s", (_, fields, endsAt) => {
    expect(parseLine(line(fields))).toEqual({ id: "a", data: {}, endsAt, created: undefined });
  });

  it("has the data as it is, and may say when the session began", () => {
    const data = { user: { name: "Ada" }, cookie: { maxAge: null }, "": [1, "", null] };
    expect(parseLine(line({ data, created: TIME - 1 }))).toEqual({
      id: "a",
      data,
      endsAt: TIME,
      created: TIME - 1,
    });
  });

  it.each(["", "  ", "\r", "\uFEFF"])("that is empty is passed over: %j", (text) => {
    expect(parseLine(text)).toBeUndefined();
  });

  it.each([`\uFEFF${line({})}`, `${line({})}\r`])("may begin or end as some tools have it", (text) => {
    expect(parseLine(text)).toMatchObject({ id: "a" });
  });

  it.each([
    ["secret", "is no JSON object"],
    ['["secret"]', "is no JSON object"],
    ['{"id":"secret', "is no JSON object"],
    [line({ secret: 1 }), "has another field than id, data, expires, created"],
    [line({ id: 7 }), '"id" is no string, or an empty one'],
    [line({ id: "" }), '"id" is no string, or an empty one'],
    [line({ data: '{"secret":1}' }), '"data" is no JSON object'],
    [line({ data: ["secret"] }), '"data" is no JSON object'],
    [line({ expires: undefined }), '"expires" is neither epoch milliseconds nor a date and time in ISO 8601'],
    [line({ expires: TIME / 1000 }), '"expires" lies before 1973 as milliseconds: are they seconds?'],
    [line({ expires: 0 }), '"expires" is no time of a session'],
    [line({ expires: TIME * 1000 }), '"expires" is no time of a session'],
    [
      line({ expires: "2027-01-15 08:00:00" }),
      '"expires" is no date and time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z',
    ],
    [line({ expires: "2027-13-15T08:00:00Z" }), '"expires" is no time of a session'],
    [line({ created: true }), '"created" is neither epoch milliseconds nor a date and time in ISO 8601'],
  ])("that is none is told so, and nothing of it: %s", (text, problem) => {
    expect(parseLine(text)).toBe(problem);
    expect(problem).not.toContain("secret");
  });
});

describe("lines of a text", () => {
  const read = async (pieces: Iterable<string>) => {
    const lines = [];
    for await (const one of linesOf(pieces)) lines.push(one);
    return lines;
  };

  it.each([
    ["whole", "one\ntwo\n\nfour"],
    ["in pieces", ["on", "e\ntw", "o\n", "\nfo", "ur"]],
    ["by its characters", Array.from("one\ntwo\n\nfour")],
  ])("are the same, %s", async (_, pieces) => {
    expect(await read(pieces)).toEqual(["one", "two", "", "four"]);
  });

  it("that are too long are let go up to their end, and told to be so", async () => {
    const piece = "x".repeat(1_000_000);
    const pieces = [
      "one\n",
      ...Array.from({ length: 20 }, () => piece),
      "rest\ntwo\n",
      piece.repeat(17),
      "\n",
    ];
    expect(await read(pieces)).toEqual(["one", undefined, "two", undefined, ""]);
    expect(parseLine(undefined)).toMatch(/^is longer than/);
  });
});
