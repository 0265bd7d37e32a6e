// How far long work is, as one line at the foot of a terminal: a bar where the table's size is known, the rate,
// what it cost so far, and the time left.
import { SingleBar } from "cli-progress";
import type { Progress } from "../admin/index.js";
import { count, duration } from "./format.js";

export interface ProgressLine {
  update(progress: Progress): void;
  stop(): void;
}

/** The line of work that nobody watches. */
export const NO_PROGRESS: ProgressLine = { update() {}, stop() {} };

const EVERY_MS = 100;
const BAR_WIDTH = 24;

/**
 * Draws how far work is.
 *
 * @param stream the terminal.
 */
export function progressLine(label: string, stream: NodeJS.WritableStream): ProgressLine {
  const started = performance.now();
  let latest: Progress | undefined;
  const bar = new SingleBar({
    stream,
    barsize: BAR_WIDTH,
    fps: 1000 / EVERY_MS,
    clearOnComplete: true,
    linewrap: false,
    // What a signal means is said in run.ts.
    gracefulExit: false,
    format: (options, { progress }) => {
      if (latest === undefined) return `${label} …`;
      const whole = Math.round(progress * BAR_WIDTH);
      const drawn =
        latest.total === undefined
          ? ""
          : `${"█".repeat(whole)}${"░".repeat((options.barsize ?? 0) - whole)} `;
      return `${label} ${drawn}${describeProgress(latest, (performance.now() - started) / 1000)}`;
    },
  });
  bar.start(1, 0);
  // Whatever ends the process: the terminal wraps lines again.
  const stop = () => bar.stop();
  process.once("exit", stop);
  return {
    update(progress) {
      latest = progress;
      // The table's own count is up to six hours old, and may be passed.
      bar.setTotal(Math.max(1, progress.scanned, progress.total ?? 0));
      bar.update(progress.total === undefined ? 0 : progress.scanned);
    },
    stop() {
      process.off("exit", stop);
      stop();
    },
  };
}

/** What is said of progress after `seconds`: rows read, the rate, the units and the time left. */
export function describeProgress(progress: Omit<Progress, "cursor">, seconds: number): string {
  const { scanned, done, units, total } = progress;
  const rate = seconds > 0 ? scanned / seconds : 0;
  const ofAll = total === undefined || total < scanned ? "" : ` of ~${count(total)}`;
  const left = ofAll === "" || rate === 0 ? "" : ` · ${duration((Number(total) - scanned) / rate)} left`;
  return `${count(scanned)}${ofAll} rows · ${count(done)} sessions · ${count(rate)}/s · ${count(units)} units${left}`;
}
