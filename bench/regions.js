// A table in two regions that replicate to each other after a while, each row by itself: where both regions wrote one,
// the later write is what both come to. As DynamoDB's global tables with eventual consistency.
import { TableInProcess } from "./table-in-process.js";

export class Regions {
  /** @type {TableInProcess[]} */
  tables;
  #lagMs;
  /** @type {{ due: number, at: number, to: number, key: string, row: object | undefined }[]} */
  #onTheWay = [];
  /** When each row was last written, for each region. @type {Map<string, number>[]} */
  #writtenAt = [new Map(), new Map()];
  #writes = 0;

  /** @param {number} lagMs of simulated time, from a write to its arrival in the other region */
  static async make(lagMs) {
    return new Regions(lagMs, [await TableInProcess.make(), await TableInProcess.make()]);
  }

  constructor(lagMs, tables) {
    this.#lagMs = lagMs;
    this.tables = tables;
    for (const [region, table] of tables.entries()) {
      table.beforeCommand = () => this.replicate();
      table.onCommand = ({ written, row }) => {
        if (written !== undefined) this.#written(region, written, row);
      };
    }
  }

  /** Lets arrive what is due by now. */
  replicate() {
    while (this.#onTheWay.length > 0 && this.#onTheWay[0].due <= Date.now()) {
      const { at, to, key, row } = this.#onTheWay.shift();
      if (at < (this.#writtenAt[to].get(key) ?? 0)) continue;
      this.#writtenAt[to].set(key, at);
      this.tables[to].force(key, row);
    }
  }

  #written(region, key, row) {
    // No two writes have one time.
    this.#writes += 1;
    const at = Date.now() + this.#writes / 1e6;
    this.#writtenAt[region].set(key, at);
    this.#onTheWay.push({ due: Date.now() + this.#lagMs, at, to: 1 - region, key, row });
  }
}
