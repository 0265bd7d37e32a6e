// What sends the requests of a load run, in a process of its own: autocannon, each of whose connections is one visitor. When
// the time is over each connection ends with the answer that it waits for, so that none is left out.
import { text } from "node:stream/consumers";
import autocannon, { type Client } from "autocannon";
import { type Driven, type DriverSettings, PAUSE_HEADER, WRITE_HEADER } from "./protocol.js";

const { origin, cookies, seconds }: DriverSettings = JSON.parse(await text(process.stdin));

/** How long a request may take before it counts as lost: longer than any deadline of the store's. */
const LOST_AFTER_S = 60;
/** Of so many requests one writes. */
const WRITES_EVERY = 2;
/** How long a visitor looks at a page: what two processors carry, emulator and all. */
const PAUSES_MS = { least: 2_000, most: 6_000 };
const MOST_WRONG = 20;

const isOver = AbortSignal.timeout(seconds * 1000);
const byStatus: Record<string, number> = {};
const wrong: string[] = [];
const visitors = cookies.map(() => ({ acknowledged: 0, sent: 0 }));
const latencies: number[] = [];
let answered = 0;
let connected = 0;

function setupClient(client: Client): void {
  const n = connected++;
  const visitor = visitors[n];
  const cookie = cookies[n];
  if (visitor === undefined || cookie === undefined)
    throw new Error("there are more connections than cookies");
  let count = n;
  let written: number | undefined;
  let sentAt = 0;
  let pauseMs = 0;

  client.setRequests([
    {
      setupRequest(request) {
        count += 1;
        written = count % WRITES_EVERY === 0 ? visitor.sent + 1 : undefined;
        visitor.sent = written ?? visitor.sent;
        sentAt = performance.now();
        pauseMs = Math.round(PAUSES_MS.least + Math.random() * (PAUSES_MS.most - PAUSES_MS.least));
        const headers: Record<string, string> = { cookie, [PAUSE_HEADER]: String(pauseMs) };
        if (written !== undefined) headers[WRITE_HEADER] = String(written);
        return { ...request, headers };
      },
      onResponse(status, body) {
        answered += 1;
        latencies.push(performance.now() - sentAt - pauseMs);
        byStatus[status] = (byStatus[status] ?? 0) + 1;
        // The answer says what the session held before this request wrote.
        if (status === 200) judge(JSON.parse(body).found);
        if (isOver.aborted) client.responseMax = 1;
      },
    },
  ]);

  function judge(found: number): void {
    if (visitor === undefined) return;
    const most = written === undefined ? visitor.sent : visitor.sent - 1;
    if (!(found >= visitor.acknowledged && found <= most) && wrong.length < MOST_WRONG)
      wrong.push(`visitor ${n} found ${found}, not ${visitor.acknowledged} to ${most}`);
    if (written !== undefined) visitor.acknowledged = written;
  }
}

const result = await autocannon({
  url: origin,
  connections: cookies.length,
  duration: seconds + 2 * LOST_AFTER_S,
  timeout: LOST_AFTER_S,
  setupClient,
});
latencies.sort((one, other) => one - other);
const percentile = (share: number) => Math.round(latencies[Math.floor(share * (latencies.length - 1))] ?? 0);
const driven: Driven = {
  sent: result.requests.sent,
  answered,
  byStatus,
  broken: result.errors + result.timeouts,
  latencyMs: { p50: percentile(0.5), p99: percentile(0.99), max: percentile(1) },
  visitors,
  wrong,
};
console.log(JSON.stringify(driven));
