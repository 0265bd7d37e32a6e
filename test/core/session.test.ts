// What is remembered of a session in a caller's hand: what was given, what is known of the row, and whose doing its end was.
import { describe, expect, it } from "vitest";
import { isStorageKey, type StorageKey } from "../../src/core/keys.js";
import { decodeRow, type SessionRow } from "../../src/core/record.js";
import { SessionInHand } from "../../src/core/session.js";

const keys = { hashKey: "pk", sortKey: "sk", hashPrefix: "sess:", hashIds: false };
const key = keyOf("sess:ada-id");

function keyOf(text: string): StorageKey {
  if (!isStorageKey(text, keys)) throw new Error("no key");
  return text;
}

interface Row {
  rev?: number | undefined;
  gen?: string | undefined;
  text?: string;
  writes?: string;
}

function row({ rev = 1, gen = "generate", text = '{"n":1}', writes = "" }: Row = {}): SessionRow {
  const item = {
    sess: { S: text },
    rev: { N: String(rev) },
    gen: { S: gen },
    writes: { S: writes },
    until: { N: "5000" },
    created: { N: "700" },
  };
  return decodeRow(item, key, { tableName: "sessions", keys, absoluteTtl: undefined });
}

const others = decodeRow({ sess: { S: '{"n":1}' }, expires: { N: "6" } }, key, {
  tableName: "sessions",
  keys,
  absoluteTtl: undefined,
});

const loaded = (from = row()) => SessionInHand.loaded("ada-id", from, JSON.parse(from.text));

describe("a session in hand", () => {
  it("that was loaded is its row's", () => {
    const session = loaded();
    expect(session).toMatchObject({
      id: "ada-id",
      data: { n: 1 },
      base: '{"n":1}',
      held: '{"n":1}',
      ownText: '{"n":1}',
      mayCreate: false,
      isOver: false,
      isOvertaken: false,
      isSettled: true,
      createdAt: 700,
      endsAt: 5000,
      origin: undefined,
      lost: undefined,
      began: undefined,
    });
  });

  it("of which nothing is known has nothing", () => {
    expect(SessionInHand.unknown("ada-id", true, 300)).toMatchObject({
      data: {},
      base: undefined,
      held: undefined,
      row: undefined,
      ownText: undefined,
      mayCreate: true,
      isOvertaken: false,
      createdAt: 300,
      endsAt: undefined,
    });
    const address = { key, previous: [] };
    expect(SessionInHand.at("ada-id", address)).toMatchObject({ address, mayCreate: false });
  });

  it("holds what its caller gives, until it is known to stand in the table", () => {
    const session = SessionInHand.unknown("ada-id", true);
    session.gives('{"n":2}');
    expect(session).toMatchObject({ held: '{"n":2}', base: undefined, mayCreate: true });
    session.wrote(row({ rev: 2, text: '{"n":2,"b":1}' }), '{"n":2}');
    expect(session).toMatchObject({
      base: '{"n":2}',
      ownText: '{"n":2,"b":1}',
      mayCreate: false,
      isOvertaken: false,
      createdAt: 700,
    });
  });

  it("is overtaken where its row turns out to be another", () => {
    const session = loaded();
    session.met(row({ rev: 2 }));
    expect(session.isOvertaken).toBe(true);
    session.met(undefined);
    expect(session).toMatchObject({ isOvertaken: true, row: undefined, endsAt: undefined, base: '{"n":1}' });
  });

  it("is its own after an update through it, and still overtaken", () => {
    const session = loaded();
    session.updated(row({ rev: 2, text: '{"n":2}' }));
    expect(session).toMatchObject({ ownText: '{"n":2}', base: '{"n":1}', isOvertaken: true });
    session.updated(undefined);
    expect(session).toMatchObject({ ownText: undefined, row: undefined });
  });

  it.each([
    { what: "a newer row of the same session", from: row(), to: row({ rev: 2 }), meets: true },
    { what: "no row of the same revision", from: row(), to: row({ text: "{}" }), meets: false },
    { what: "no older one", from: row({ rev: 3 }), to: row({ rev: 2 }), meets: false },
    {
      what: "none of a session created anew",
      from: row(),
      to: row({ rev: 2, gen: "another1" }),
      meets: false,
    },
    { what: "one that was another package's before", from: others, to: row({ rev: 1 }), meets: true },
    { what: "none of another package", from: row(), to: others, meets: false },
  ])("catches up with what another request of the process has written: $what", ({ from, to, meets }) => {
    const session = loaded(from);
    session.catchUp(to);
    expect(session.row).toBe(meets ? to : from);
    session.catchUp(undefined);
    expect(session.row).toBe(meets ? to : from);
  });

  it("catches up with nothing where it knows of no row", () => {
    const session = SessionInHand.unknown("ada-id", true);
    session.catchUp(row());
    expect(session.row).toBeUndefined();
  });
});

describe("what a caller's object cannot hold", () => {
  const holds = (name: string) => name !== "cookie";

  it("is neither held nor missed by it", () => {
    const session = loaded(row({ text: '{"n":1,"cookie":5}' }));
    session.narrow(holds);
    expect(session).toMatchObject({ data: { n: 1 }, base: '{"n":1}', holds });
    expect(session.data).not.toHaveProperty("cookie");
    session.adopts(row({ rev: 2, text: '{"n":2,"cookie":6}' }));
    expect(session).toMatchObject({ base: '{"n":2}', ownText: '{"n":2,"cookie":6}' });
  });

  it("is nothing where all is held: the text stays as it was", () => {
    const session = loaded(row({ text: '{ "n": 1 }' }));
    session.narrow(holds);
    expect(session.base).toBe('{ "n": 1 }');
    session.adopts(row({ rev: 2, text: '{ "n": 2 }' }));
    expect(session.base).toBe('{ "n": 2 }');
  });

  it("is asked for without a change of what was last written", () => {
    const session = loaded();
    session.wrote(row({ rev: 2, text: '{"n":2,"b":1}' }), '{"n":2}');
    session.narrow(holds);
    expect(session.base).toBe('{"n":2}');
  });

  it("is no text of a session that was not read", () => {
    const session = SessionInHand.unknown("ada-id", true);
    session.narrow(holds);
    session.adopts(row({ text: '{"n":1,"cookie":5}' }));
    expect(session.base).toBe('{"n":1}');
    for (const known of [undefined, row()]) {
      const bare = SessionInHand.unknown("ada-id", true);
      bare.met(known);
      bare.data.cookie = 5;
      bare.narrow(holds);
      expect(bare).toMatchObject({ data: {}, base: undefined });
    }
  });
});

describe("a write whose answer is missing", () => {
  it("is unsettled until it is refused, or something is known to stand in the table", () => {
    const session = loaded();
    session.doubts({ id: "w1", text: "{}" });
    session.doubts({ id: "w2", text: "{}" });
    expect(session.isSettled).toBe(false);
    session.trusts("w1");
    expect(session.isSettled).toBe(false);
    session.trusts("w2");
    expect(session.isSettled).toBe(true);
    session.doubts({ id: "w3", text: "{}" });
    session.wrote(row({ rev: 2 }), "{}");
    expect(session.isSettled).toBe(true);
  });

  it("is recognised though another before it was refused", () => {
    const session = loaded();
    session.doubts({ id: "w1", text: '{"n":5}' });
    session.doubts({ id: "w2", text: '{"n":6}' });
    session.trusts("w1");
    session.met(row({ rev: 2, writes: "w2" }));
    session.recognize();
    expect(session.base).toBe('{"n":6}');
  });

  it("is recognised by what the row remembers: what it wrote is the base then", () => {
    const session = loaded();
    session.doubts({ id: "w1", text: '{"n":5}' });
    session.doubts({ id: "w2", text: '{"n":6}' });
    session.recognize();
    expect(session).toMatchObject({ isSettled: false, base: '{"n":1}' });
    session.met(row({ rev: 2, writes: "w0 w2", text: '{"n":6}' }));
    session.recognize();
    expect(session).toMatchObject({ isSettled: true, base: '{"n":6}', isOvertaken: false });
  });

  it("is remembered as long as a row remembers it: of the last eight", () => {
    const session = SessionInHand.unknown("ada-id", true);
    session.recognize();
    for (let i = 1; i <= 9; i++) session.doubts({ id: `w${i}`, text: `{"n":${i}}` });
    session.met(row({ writes: "w1" }));
    session.recognize();
    expect(session.base).toBeUndefined();
    session.met(row({ writes: "w2" }));
    session.recognize();
    expect(session.base).toBe('{"n":2}');
  });

  it("is recognised of the session whose place this one takes", () => {
    const before = loaded();
    before.doubts({ id: "w1", text: '{"n":5}' });
    before.met(row({ rev: 2, writes: "w1" }));
    SessionInHand.after(before, "new-id").recognize();
    expect(before.base).toBe('{"n":5}');
  });
});

describe("a session that takes another's place", () => {
  it("began when that did, holds what that holds, and may be made", () => {
    const before = loaded();
    const holds = () => true;
    before.narrow(holds);
    const session = SessionInHand.after(before, "new-id");
    expect(session).toMatchObject({ id: "new-id", createdAt: 700, holds, mayCreate: true, origin: before });
    expect(SessionInHand.after(session, "newer-id").origin).toBe(before);
    session.wrote(row({ rev: 1 }), "{}");
    expect(SessionInHand.after(session, "newer-id").origin).toBe(session);
  });

  it("stands in nobody's where that one was never in the table", () => {
    const session = SessionInHand.after(SessionInHand.unknown("ada-id", true), "new-id");
    expect(session.origin).toBeUndefined();
    expect(session.createdAt).toBeUndefined();
  });
});

describe("what was destroyed", () => {
  it("is lost where another request had done it", () => {
    const session = loaded();
    session.removes();
    expect(session.lost).toBeUndefined();
    session.removed(true);
    expect(session.lost).toBe('{"n":1}');
    expect(SessionInHand.after(session, "new-id").lost).toBe('{"n":1}');
  });

  it("is the caller's own where its removal found it", () => {
    const session = loaded();
    session.removes();
    session.removed(false);
    session.removes();
    session.removed(true);
    expect(session.lost).toBeUndefined();
  });

  it("may be the caller's own where an answer of its own is missing", () => {
    const session = loaded();
    session.removes();
    session.removes();
    session.removed(true);
    expect(session.lost).toBeUndefined();
    session.removed(true);
    expect(session.lost).toBeUndefined();
  });

  it("is lost where the session was found over before", () => {
    const session = loaded();
    expect(session.isOver).toBe(false);
    session.end();
    expect(session.isOver).toBe(true);
    session.removes();
    expect(session.lost).toBe('{"n":1}');
  });

  it("is the caller's own where the session was found over after its removal was sent", () => {
    const session = loaded();
    session.removes();
    session.end();
    session.removes();
    session.removed(false);
    expect(session.lost).toBeUndefined();
  });

  it("is not lost where no row is known", () => {
    const session = SessionInHand.unknown("ada-id", false);
    session.removes();
    session.removed(true);
    expect(session.lost).toBeUndefined();
  });

  it("is what stood in the row where the caller had read nothing", () => {
    const session = SessionInHand.unknown("ada-id", false);
    session.met(row());
    session.removes();
    session.removed(true);
    expect(session.lost).toBe('{"n":1}');
    session.met(undefined);
    expect(session.lost).toBeUndefined();
  });
});
