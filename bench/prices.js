// DynamoDB's prices and limits, as far as sessions meet them. Nothing here is measured.

/** On demand, table class Standard, in US dollars. */
export const PRICES = {
  region: "us-east-1",
  since: "1 November 2024",
  seen: "August 2026",
  perMillionReadUnits: 0.125,
  perMillionWriteUnits: 0.625,
  /** The same in each region of a global table, where every write is made. */
  perMillionReplicatedWriteUnits: 0.625,
  perGigabyteMonth: 0.25,
};

/** What DynamoDB adds to an item for the bill of storage. */
export const STORED_BYTES_PER_ROW = 100;

/** What one partition takes in a second, and with it one session. */
export const PARTITION = { readUnits: 3_000, writeUnits: 1_000 };
