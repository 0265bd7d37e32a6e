// `stats`: what sessions there are, and what they cost, drawn.
import { type Histogram, PRICES, type SessionSurvey, surveySessions } from "../../admin/index.js";
import { type CommandDefinition, EXIT } from "../command.js";
import { bytes, count, dollars, duration, pairs, plural, rate } from "../format.js";
import type { Bucket } from "../histogram.js";
import { type Output, visible } from "../output.js";
import { addPaceFlags, beginWork, type WorkFlags } from "../work-flags.js";

export const stats: CommandDefinition<WorkFlags> = {
  name: "stats",
  summary: "survey the sessions: how many, how old, how large, whose, and what they cost",
  examples: [
    "session-store stats --table sessions",
    "session-store stats --table sessions --max-units 200 --json",
  ],
  configure: addPaceFlags,
  async run(context, flags) {
    const { output, store } = context;
    const work = beginWork("surveying", flags, context);
    let survey: SessionSurvey;
    try {
      survey = await surveySessions(store, work.options);
    } finally {
      work.end(true);
    }
    output.printJson(survey);
    if (!output.json) draw(survey, output);
    return EXIT.done;
  },
};

function draw(survey: SessionSurvey, output: Output): void {
  const { live, expired, unreadable, ages, idle, sizes, timeToExpiry } = survey;
  const histogram = (title: string, buckets: readonly Bucket[]) => {
    output.histogram(title, buckets);
    output.print("");
  };
  histogram("Sessions", [
    { label: "live", count: live },
    { label: "expired", count: expired },
    ...(unreadable > 0 ? [{ label: "unreadable", count: unreadable }] : []),
  ]);
  if (live > 0) {
    histogram("Live ones by age", bucketsOf(ages, byTime));
    histogram("By how long they were idle", bucketsOf(idle, byTime));
    histogram("By the time they have left", bucketsOf(timeToExpiry, byTime));
    histogram("By the size of their rows", bucketsOf(sizes, bytes));
    drawOwners(survey, output, histogram);
  }
  drawCost(survey, output);
}

function drawOwners(
  { owners }: SessionSurvey,
  output: Output,
  histogram: (title: string, buckets: readonly Bucket[]) => void,
): void {
  const { distinct, perOwner, top, owned, nobodys, isCut } = owners;
  if (owned === 0) return;
  histogram(
    "Owners by how many sessions they have",
    bucketsOf(perOwner, (upTo) => count(upTo)),
  );
  output.print(
    `${plural(owned, "session")} of ${plural(distinct, "owner")}, and ${count(nobodys)} of nobody.`,
  );
  if (isCut) output.print("There are more owners than are counted apart: the figures are of those alone.");
  output.table(
    ["owner (a hash)", "sessions"],
    top.map(({ owner, sessions }) => [visible(owner), count(sessions)]),
  );
  output.print("");
}

function drawCost({ touches, cost, bytes: stored, scanned, units }: SessionSurvey, output: Output): void {
  const { region, since } = PRICES;
  output.print(output.colors.bold("What they cost a month at this rate"));
  output.print(
    pairs([
      [
        "  writes",
        `${dollars(cost.writesPerMonth)} for ${rate(touches.writeUnitsPerSecond)} units a second, ${rate(touches.perSecond)} touches`,
      ],
      ["  storage", `${dollars(cost.storagePerMonth)} for ${bytes(stored)} of rows`],
      ["  both", dollars(cost.perMonth)],
      ["  loads", `${dollars(cost.perMillionLoads)} a million`],
    ]),
  );
  output.print(`On demand in ${region}, prices since ${since}. Not in it:`);
  for (const what of cost.leftOut) output.print(`  - ${what}`);
  output.note(`${plural(scanned, "row")} read, for ${rate(units)} units`);
}

function byTime(ms: number): string {
  return duration(ms / 1000);
}

/** A histogram as it is drawn, without the empty buckets at its ends. */
function bucketsOf({ buckets, unknown }: Histogram, label: (upTo: number) => string): Bucket[] {
  const isFull = buckets.map(({ count }) => count > 0);
  const shown = buckets.slice(isFull.indexOf(true), isFull.lastIndexOf(true) + 1);
  const largest = buckets.at(-2)?.upTo ?? 0;
  return [
    ...shown.map(({ upTo, count }) => ({
      label: upTo === null ? `more than ${label(largest)}` : `up to ${label(upTo)}`,
      count,
    })),
    ...(unknown > 0 ? [{ label: "unknown", count: unknown }] : []),
  ];
}
