// A row of the table in plain figures and JSON, read without the engine's own code.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { JsonRow } from "./calls.js";
import type { Json } from "./documents.js";
import type { Item } from "./expressions.js";

const known = new WeakMap<Readonly<Item>, JsonRow>();

/** Rows do not change: a write makes another one. */
export function readRow(item: Readonly<Item>): JsonRow {
  const before = known.get(item);
  if (before) return before;
  const row = {
    gen: item.gen?.S ?? "",
    rev: Number(item.rev?.N),
    until: Number(item.until?.N),
    updated: Number(item.updated?.N),
    created: Number(item.created?.N),
    data: dataOf(item.sess),
  };
  known.set(item, row);
  return row;
}

function dataOf(sess: AttributeValue | undefined): Json {
  if (sess?.S !== undefined) return JSON.parse(sess.S);
  // The clock of 0.0.19 stands among the fields of its map.
  const { updated: _clock, ...fields } = sess?.M ?? {};
  return plain({ M: fields });
}

function plain(value: AttributeValue): Json {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(plain);
  if (value.M === undefined) return null;
  return Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, plain(inner)]));
}
