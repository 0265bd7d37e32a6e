// What is drawn on a terminal: histograms, how far work is, and the question before something is destroyed.
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { ask } from "../../src/cli/confirm.js";
import { drawHistogram } from "../../src/cli/histogram.js";
import { describeProgress, progressLine } from "../../src/cli/progress.js";

function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 24, setRawMode() {} });
  let written = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  return { stream, written: () => written };
}

describe("a histogram", () => {
  it("has bars as long as their share of the largest, to an eighth of a character", () => {
    const buckets = [
      { label: "< 1 h", count: 1600 },
      { label: "< 1 day", count: 400 },
      { label: "longer", count: 25 },
    ];
    expect(drawHistogram("ages", buckets, 45)).toBe(
      [
        "ages",
        `    < 1 h  ${"█".repeat(22)}  1,600  79%`,
        `  < 1 day  ${"█".repeat(5)}▌${" ".repeat(16)}    400  20%`,
        `   longer  ▍${" ".repeat(21)}     25   1%`,
      ].join("\n"),
    );
  });

  it("shows whatever is there, be it one in a million, and nothing for nothing", () => {
    const buckets = [
      { label: "many", count: 1_000_000 },
      { label: "one", count: 1 },
      { label: "none", count: 0 },
    ];
    const [, , one, none] = drawHistogram("sizes", buckets, 60).split("\n");
    expect(one).toMatch(/^ {3}one {2}▏ +1 {3}<1%$/);
    expect(none).toMatch(/^ {2}none +0 +0%$/);
  });

  it.each([
    ["no buckets", [], "ages"],
    ["none in any", [{ label: "a", count: 0 }], "ages\n  a     0  0%"],
  ])("can be drawn of %s", (_, buckets, drawn) => {
    expect(drawHistogram("ages", buckets, 10)).toBe(drawn);
  });

  it("is no wider than the terminal", () => {
    const buckets = [{ label: "a day", count: 123_456 }];
    for (const line of drawHistogram("", buckets, 40).split("\n"))
      expect(line.length).toBeLessThanOrEqual(40);
  });
});

describe("progress", () => {
  it.each([
    [
      "the table's size is known",
      { scanned: 2000, done: 500, units: 250.4, total: 10_000 },
      10,
      "2,000 of ~10,000 rows · 500 sessions · 200/s · 250 units · 40 s left",
    ],
    [
      "hours are left",
      { scanned: 1000, done: 1000, units: 500, total: 1_000_000 },
      10,
      "1,000 of ~1,000,000 rows · 1,000 sessions · 100/s · 500 units · 2 h 47 min left",
    ],
    [
      "its size may not be asked for",
      { scanned: 2000, done: 500, units: 250, total: undefined },
      10,
      "2,000 rows · 500 sessions · 200/s · 250 units",
    ],
    [
      "its size was known too small, hours ago",
      { scanned: 2000, done: 500, units: 250, total: 1500 },
      10,
      "2,000 rows · 500 sessions · 200/s · 250 units",
    ],
    [
      "it has just begun",
      { scanned: 0, done: 0, units: 0, total: 10 },
      0,
      "0 of ~10 rows · 0 sessions · 0/s · 0 units",
    ],
  ])("is told where %s", (_, progress, seconds, told) => {
    expect(describeProgress(progress, seconds)).toBe(told);
  });

  it("is one line that is drawn again, and taken away at the end", () => {
    const { stream, written } = terminal();
    const line = progressLine("counting", stream);
    line.update({ scanned: 50, done: 40, units: 7, total: 100, cursor: "a secret" });
    line.stop();
    expect(written()).toContain("counting █");
    expect(written()).toContain("50 of ~100 rows · 40 sessions");
    expect(written()).not.toMatch(/secret|\n/);
    // The line is cleared, and lines wrap again.
    expect(written().lastIndexOf("\u001b[2K")).toBeGreaterThan(written().lastIndexOf("counting"));
    expect(written().lastIndexOf("\u001b[?7h")).toBeGreaterThan(written().lastIndexOf("\u001b[?7l"));
  });
});

describe("the question", () => {
  const asked = (keys: string, signal = new AbortController().signal) => {
    const stdin = terminal().stream;
    const { stream: stderr, written } = terminal();
    const answer = ask("Destroy 5 sessions?", signal, { stdin, stderr });
    if (keys !== "") stdin.write(keys);
    return { answer, written };
  };

  it.each([
    ["y", true],
    ["n", false],
    ["\r", false],
  ])("answered by %j is %s", async (keys, expected) => {
    const { answer, written } = asked(keys);
    expect(await answer).toBe(expected);
    expect(stripVTControlCharacters(written()).replace(/\s/g, "")).toContain("Destroy5sessions?");
  });

  it("answered by Ctrl-C stops the command", async () => {
    await expect(asked("\u0003").answer).rejects.toMatchObject({ name: "Interrupted" });
  });

  it("is taken back when the program is to end", async () => {
    const end = new AbortController();
    const { answer } = asked("", end.signal);
    end.abort();
    await expect(answer).rejects.toMatchObject({ name: "Interrupted" });
  });

  it("cannot be asked where input or errors go elsewhere", async () => {
    const { stream } = terminal();
    const signal = new AbortController().signal;
    const elsewhere = new PassThrough();
    for (const at of [
      { stdin: elsewhere, stderr: stream },
      { stdin: stream, stderr: elsewhere },
    ])
      await expect(ask("Sure?", signal, at)).rejects.toMatchObject({ name: "UsageError" });
  });
});
