// Bad input, at volume: whatever comes as an id, a cookie, data, an option or a row is given an answer or a documented
// error, and harms nobody else.
import { describe, expect, inject, it } from "vitest";
import { createTable, testClient } from "../support/tables.js";
import { judgeAll, type Kind, SEED, type Tally, TIMES, tableOf } from "./campaign.js";
import { cookies } from "./cookies.js";
import { data } from "./data.js";
import { foundRows } from "./found-rows.js";
import { ids } from "./ids.js";
import { merges } from "./merges.js";
import { options } from "./options.js";
import { Wire } from "./wire.js";

const tallies: Tally[] = [];

// The whole takes about a minute on two cores. A kind that takes this long hangs.
const ENDS_WITHIN_MS = 200_000 * TIMES;

async function campaign<Input>(makeKind: (table: string, wire: Wire) => Kind<Input> | Promise<Kind<Input>>) {
  const client = testClient();
  const table = await createTable(client);
  client.destroy();
  const tally = await judgeAll(await makeKind(table, new Wire(table)));
  tallies.push(tally);
  expect(tally.problems).toEqual([]);
}

describe(`bad input is harmless [SESSION_STORE_SEED=${SEED}, ${inject("emulator")}]`, () => {
  const timeout = { timeout: ENDS_WITHIN_MS };

  it("as a session id: it opens its own session, or none", timeout, () => campaign(ids));

  it("as session data: it comes back as JSON has it, or is refused", timeout, () => campaign(data));

  it("as a row: it is read for what it means, or left as it is", timeout, () => campaign(foundRows));

  it("as a cookie: it opens its own session, or none, whatever the row", timeout, () => campaign(cookies));

  it("as sides of a session that are merged: nothing is lost, nothing comes from nowhere", timeout, () =>
    campaign(merges),
  );

  it("as an option: it is taken, or refused by its name", timeout, () => campaign(options));

  it("at volume: at least 50 000 inputs, 10 000 of them at the API", ({ task }) => {
    const lines = tableOf(tallies);
    Object.assign(task.meta, { told: lines });
    console.log(lines.join("\n"));
  });
});
