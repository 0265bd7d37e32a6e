// The load of the request benchmarks, in a process of its own: autocannon, each of whose connections is a visitor with a
// session. Asked by `requests.js`.
import autocannon from "autocannon";
import { answerParent } from "./processes.js";

answerParent(async ({ url, cookies, connections, seconds }) => {
  let next = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 20,
    // Its table of latencies is not looked at.
    skipAggregateResult: false,
    setupClient(client) {
      if (cookies.length > 0) client.setHeaders({ cookie: cookies[next++ % cookies.length] });
    },
  });
  const { errors, timeouts, non2xx, mismatches, start, finish } = result;
  return {
    requestsPerSecond: result["2xx"] / ((finish - start) / 1000),
    failed: errors + timeouts + non2xx + mismatches,
  };
});
process.send({ ready: true });
