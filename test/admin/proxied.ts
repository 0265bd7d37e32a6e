// The fault proxy of a file's tests: it lets all pass, and has seen nothing, when each of them begins.
import { afterAll, beforeEach, inject } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";

export async function proxyOfFile(): Promise<FaultProxy> {
  const proxy = await startFaultProxy(inject("endpoint"));
  beforeEach(() => {
    proxy.decide = () => undefined;
    proxy.requests.length = 0;
  });
  afterAll(() => proxy.close());
  return proxy;
}
