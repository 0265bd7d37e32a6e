// Moving in: users who signed in under another package, the real one, stay signed in while their sessions are moved into a
// table of ours, at whatever moment they come; who signs out meanwhile stays signed out.
import { expect, it } from "vitest";
import type { MigrationSource } from "../../src/admin/index.js";
import { migrate } from "../../src/admin/migrate/migrate.js";
import { done, type Handler, makeStoreBench, startApp } from "../support/express-apps.js";
import { ancestor, connectDynamodb, dynamodbStore, type OldStore, pwrdrvr } from "../support/old-stores.js";
import { createTable, readRows } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";
import { describeTransactions } from "../support/transactions.js";

const time = stopTheClock();
const USERS = 24;
const cookie = { maxAge: 3_600_000 };

const fields: Handler = ({ session }) => {
  const {
    cookie: _cookie,
    updated: _updated,
    lastModified: _modified,
    ...own
  } = JSON.parse(JSON.stringify(session));
  return own;
};
const signOut: Handler = (req) => done((callback) => req.session.destroy(callback));

const sources: [MigrationSource, OldStore][] = [
  ["cyclic-0.0", ancestor],
  ["dynamodb-store", dynamodbStore],
  ["connect-dynamodb", connectDynamodb],
  ["pwrdrvr", pwrdrvr],
];

describeTransactions("moving in", () => {
  it.each(sources)("from %s, nobody is signed out", async (from, { keys, options, make }) => {
    const bench = await makeStoreBench();
    // 0.0.19 had the keys that ours has: its sessions stay in their table, and their ids are hashed.
    const isOurs = from === "cyclic-0.0";
    const name = isOurs ? bench.table : await createTable(bench.client, keys);
    const oldApp = await startApp({ store: make(name), cookie });
    const cookies: string[] = [];
    const before: unknown[] = [];
    for (let n = 0; n < USERS; n++) {
      const visitor = oldApp.visitor();
      await visitor.visit(({ session }) => {
        Object.assign(session, {
          n,
          user: { name: "Ada" },
          cart: [{ sku: "tea" }],
          "ключ ✓": "",
          nothing: null,
        });
      });
      before.push((await visitor.visit(fields)).said);
      cookies.push(String(visitor.cookie));
    }
    await oldApp.close();

    const previous = [{ table: { name, ...options }, hashIds: false }];
    const { store } = bench.store({ hashIds: true, previous });
    const app = await startApp({ store, cookie });
    const signedOut = new Set<number>();
    const problems: string[] = [];
    let moves = true;
    /** Each of the users comes again and again: one reads, one writes, one stays away a while, and one signs out. */
    const comes = async (n: number) => {
      const visitor = app.visitor(cookies[n]);
      for (let visit = 0; visit < 6 || moves; visit++) {
        const { said } = await visitor.visit(fields);
        if (said.n !== n || said.user?.name !== "Ada") problems.push(`visit ${visit} of ${n}`);
        if (n % 4 === 1) await visitor.visit(({ session }) => void Object.assign(session, { visit }));
        if (n % 4 === 3 && visit === 2) {
          signedOut.add(n);
          return void (await visitor.visit(signOut));
        }
        if (n % 4 === 2) time.pass(100);
      }
    };
    const visits = cookies.flatMap((_, n) => (n % 6 === 0 ? [] : [comes(n)]));
    const theirs = { client: bench.client, hashIds: true, previous, table: { name: bench.table } };
    const report = await migrate(theirs, { from, ...(!isOurs && { table: { name } }) });
    moves = false;
    await Promise.all(visits);
    expect(problems).toEqual([]);
    expect(app.errors).toEqual([]);
    expect(report).toMatchObject({ failed: 0, unreadable: 0, expired: 0, isSamePlace: false });
    expect(report.moved).toBeGreaterThan(0);
    const met = report.moved + report.elsewhere + report.gone;
    // Where both are one table, rows of what has moved meanwhile are read too.
    if (isOurs) expect(met).toBeLessThanOrEqual(report.scanned);
    else expect(met).toBe(report.scanned);

    // The source has served its time.
    const after = bench.store({ hashIds: true });
    const alone = await startApp({ store: after.store, cookie });
    for (const [n, header] of cookies.entries()) {
      const { said } = await alone.visitor(header).visit(fields);
      if (signedOut.has(n)) expect(said).toEqual({});
      else expect(said).toMatchObject(Object(before[n]));
    }
    expect(signedOut.size).toBeGreaterThan(0);
    const left = await readRows(bench.client, name);
    expect(left.filter(({ idHash }) => idHash === undefined)).toEqual([]);
    const again = await migrate(theirs, { from, ...(!isOurs && { table: { name } }) });
    expect(again).toMatchObject({ moved: 0, elsewhere: 0 });
  });
});
