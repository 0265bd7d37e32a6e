// DynamoDB's prices and limits, as far as sessions meet them. Nothing here is measured.

/** On demand, table class Standard, in US dollars: aws.amazon.com/dynamodb/pricing/on-demand. */
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

/** A write unit costs as much as so many read units. */
export const READ_UNITS_PER_WRITE_UNIT = PRICES.perMillionWriteUnits / PRICES.perMillionReadUnits;

/**
 * What DynamoDB adds to an item for the bill of storage:
 * docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
 */
export const STORED_BYTES_PER_ROW = 100;

/** What one partition takes in a second, and with it one session. */
export const PARTITION = { readUnits: 3_000, writeUnits: 1_000 };
