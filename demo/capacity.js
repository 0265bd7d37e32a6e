// What DynamoDB charges, by its published rules, where it does not report it. Pure functions over items.

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

/** @typedef {Record<string, import("@aws-sdk/client-dynamodb").AttributeValue>} Item */

/**
 * The size of an item: its attributes' names and values.
 *
 * @param {Item} item
 * @returns {number}
 */
export function itemBytes(item) {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

/**
 * A write costs a unit for each KB of the row, begun ones counted whole; also when its condition fails, and at least one.
 *
 * @param {Item | undefined} item
 * @returns {number}
 */
export function writeUnits(item) {
  return item === undefined ? 1 : Math.max(1, Math.ceil(itemBytes(item) / WRITE_UNIT_BYTES));
}

/**
 * A strong read costs a unit for each 4 KB of the row, begun ones counted whole; also where there is none.
 *
 * @param {Item | undefined} item
 * @returns {number}
 */
export function readUnits(item) {
  return item === undefined ? 1 : Math.max(1, Math.ceil(itemBytes(item) / READ_UNIT_BYTES));
}

/** @param {import("@aws-sdk/client-dynamodb").AttributeValue} value */
function valueBytes(value) {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, "").length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  if (value.L !== undefined) return value.L.reduce((sum, element) => sum + 1 + valueBytes(element), 3);
  return 1;
}
