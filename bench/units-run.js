// One run of the page workload through one store, in a process of its own, whose clock is simulated: prints the bill.
// `node bench/units-run.js '{"store":"ours", …}'`; asked by units.js.
import { mock } from "node:test";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expressSession } from "./express-in-process.js";
import { fromTests } from "./from-tests.js";
import { MeteredNetwork } from "./metered-network.js";
import { PAGES, pagesOf, requestsIn, sessionData } from "./page-workload.js";
import { waitsInNoTime } from "./simulated-waiting.js";
import { clientConfigOf, STORES } from "./stores.js";

const EPOCH = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/**
 * @typedef {object} Asked
 * @property {string} endpoint DynamoDB Local's
 * @property {string} store
 * @property {number} seed
 * @property {boolean} resave
 * @property {boolean} [rolling]
 * @property {number} [touchInterval]
 * @property {boolean} [consistentRead]
 * @property {number} bytes of a session
 * @property {number} processes among which a user's requests are spread
 */

/** @type {Asked} */
const asked = JSON.parse(process.argv[2]);
process.stdout.write(JSON.stringify(await run(asked)));

/** @param {Asked} asked */
async function run({
  endpoint,
  store: name,
  seed,
  resave,
  rolling,
  touchInterval,
  consistentRead,
  bytes,
  processes,
}) {
  const { createTable, Random } = await fromTests();
  const { keys, load, make } = STORES[name];
  const table = await createTable(new DynamoDBClient(clientConfigOf({ endpoint })), keys);
  const loaded = await load();
  mock.timers.enable({ apis: ["Date"], now: EPOCH });
  const network = new MeteredNetwork(endpoint);
  const options = { touchInterval, consistentRead, sleep: waitsInNoTime };
  // A store that knows nothing of another's memory is as good as one in another process.
  const doors = [];
  while (doors.length < processes) {
    const store = await network.settle(make(loaded, { table, network }, options));
    doors.push(
      expressSession({ store, resave, rolling, saveUninitialized: false, cookie: { maxAge: DAY_MS } }),
    );
  }

  const data = sessionData(bytes);
  const cookies = [];
  for (let user = 0; user < PAGES.users; user++) {
    const signIn = doors[0](undefined, (req) => Object.assign(req.session, structuredClone(data)));
    cookies.push(await network.settle(signIn));
  }
  const signingIn = network.newBill();

  let sent = 0;
  const request = (user, isChange) =>
    doors[sent++ % processes](cookies[user], ({ session }) => {
      if (session.user?.id !== data.user.id) throw new Error(`${name} has lost the session of user ${user}`);
      // Of one length, so that a session keeps its size.
      if (isChange) session.csrf = session.csrf.slice(1) + session.csrf[0];
    });
  const pages = pagesOf(new Random(seed));
  for (const { user, at, changes } of pages) {
    const [documentChanges, ...callsChange] = changes;
    mock.timers.setTime(EPOCH + at);
    await network.settle(request(user, documentChanges));
    mock.timers.setTime(EPOCH + at + PAGES.callsAfterMs);
    await network.settle(Promise.all(callsChange.map((isChange) => request(user, isChange))));
  }
  const bill = network.newBill();
  network.close();
  return { requests: requestsIn(pages), ...bill, signingInWriteUnits: signingIn.writeUnits / PAGES.users };
}
