// DynamoDB's prices, as far as sessions meet them: the one place for them, for surveys and for the benchmarks.
// Nothing here is measured.

/**
 * On demand, table class Standard, in US dollars: [the price
 * list](https://aws.amazon.com/dynamodb/pricing/on-demand/). Other regions and table classes have others.
 */
export const PRICES = Object.freeze({
  /** Where they hold. */
  region: "us-east-1",
  /** From when on. */
  since: "1 November 2024",
  /** When they were last looked up. */
  seen: "August 2026",
  /** US dollars for a million read units. */
  perMillionReadUnits: 0.125,
  /** US dollars for a million write units. */
  perMillionWriteUnits: 0.625,
  /** The same in each region of a global table, where every write is made. */
  perMillionReplicatedWriteUnits: 0.625,
  /** US dollars for a gigabyte that is stored for a month. */
  perGigabyteMonth: 0.25,
});

/**
 * What DynamoDB adds to an item for the bill of storage:
 * [capacity units](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export const STORED_BYTES_PER_ROW = 100;

/** A month, as prices by the month are worked out from a rate. */
export const DAYS_A_MONTH = 30;
