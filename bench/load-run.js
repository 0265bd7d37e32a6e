// What sends the requests of the request benchmarks, in a process of its own: autocannon, over connections that are kept
// open, each of which sends its own visitors' cookies in turn. Asked by `requests.js`.
import autocannon from "autocannon";
import { answerParent } from "./processes.js";

const EXPECTED = "Hello Grace Hopper";
// How exactly a measurement ends.
const SAMPLE_MS = 50;

answerParent(async ({ url, cookies, connections, seconds }) => {
  let connection = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    sampleInt: SAMPLE_MS,
    timeout: 20,
    expectBody: EXPECTED,
    setupClient(client) {
      // No session is asked for over two connections.
      const own = cookies.filter((_, i) => i % connections === connection);
      connection++;
      client.setRequests(own.map((cookie) => ({ headers: { cookie } })));
    },
  });
  const { errors, timeouts, non2xx, mismatches, start, finish } = result;
  const requests = result["2xx"];
  return {
    requests,
    requestsPerSecond: requests / ((finish - start) / 1000),
    failed: errors + timeouts + non2xx + mismatches,
  };
});
process.send({ ready: true });
