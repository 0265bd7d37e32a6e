// What this process holds, and is told of: sockets, timers, listeners, warnings, and how late its event loop was.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

/** How many there are of each. */
type Holdings = ReadonlyMap<string, number>;

const POLL_EVERY_MS = 10;
const LET_GO_WITHIN_MS = 2_000;

/** What is held at this moment. */
export function holdings(): Holdings {
  const held = new Map<string, number>();
  const count = (what: string, times = 1) => held.set(what, (held.get(what) ?? 0) + times);
  for (const resource of process.getActiveResourcesInfo()) count(resource);
  for (const event of process.eventNames())
    count(`listener of ${String(event)}`, process.listenerCount(event));
  return held;
}

/** What is held beyond what was held before, in words; once what closes in its own time has had some. */
export async function leakedSince(before: Holdings): Promise<string[]> {
  const until = performance.now() + LET_GO_WITHIN_MS;
  for (;;) {
    const leaked = beyond(before);
    if (leaked.length === 0 || performance.now() > until) return leaked;
    await delay(POLL_EVERY_MS);
  }
}

function beyond(before: Holdings): string[] {
  return [...holdings()]
    .map(([what, times]): [string, number] => [what, times - (before.get(what) ?? 0)])
    .filter(([what, times]) => times > 0 && !OWN.has(what))
    .map(([what, times]) => `${times} of ${what} more than before`);
}

// Of this look itself, and of the test runner.
const OWN = new Set(["Immediate", "CloseReq"]);

/** What was seen while something ran. */
export interface Seen {
  /** The largest delay of the event loop. */
  readonly delayMs: number;
  readonly warnings: readonly string[];
}

/** Looks from now on, until what is returned is called. */
export function look(): () => Seen {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const warnings: string[] = [];
  const warn = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on("warning", warn);
  return () => {
    loop.disable();
    process.off("warning", warn);
    return { delayMs: loop.max / 1e6, warnings };
  };
}
