// What follows from DynamoDB's prices, which are the package's own (src/admin/prices.ts), and its limits. Nothing here is
// measured.
import { PRICES } from "@cyclic.sh/session-store/admin";

/** A write unit costs as much as so many read units. */
export const READ_UNITS_PER_WRITE_UNIT = PRICES.perMillionWriteUnits / PRICES.perMillionReadUnits;

/** What one partition takes in a second, and with it one session. */
export const PARTITION = { readUnits: 3_000, writeUnits: 1_000 };
