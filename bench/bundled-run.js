// One start of a bundled Lambda handler, in a process of its own: prints how long it took to load, and to answer its first
// event. Asked by start.js.

/** @type {{ bundle: string, event: object }} */
const { bundle, event } = JSON.parse(process.argv[2]);

const used = process.cpuUsage();
const begun = performance.now();
const { handler } = await import(bundle);
const importedAt = performance.now();
const { statusCode, body, cookies, multiValueHeaders } = await handler(event, {});
const firstAt = performance.now();
const { user, system } = process.cpuUsage(used);
const result = {
  importMs: importedAt - begun,
  firstMs: firstAt - importedAt,
  totalMs: firstAt - begun,
  processorMs: (user + system) / 1000,
  answer: { statusCode, body, cookies, multiValueHeaders },
};
process.stdout.write(JSON.stringify(result), () => process.exit());
