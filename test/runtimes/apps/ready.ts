// Tells whoever started this process where its control listens.
import type { Served } from "../../conformance/driver.js";
import type { Ready } from "../protocol.js";

export function announce({ origin }: Served): void {
  const ready: Ready = { control: origin, pid: process.pid };
  console.log(JSON.stringify(ready));
}
