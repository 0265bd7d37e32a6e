// A container of AWS Lambda with a function in it: `node container.mjs <module> <export> <domain>`. What asks it speaks
// HTTP, as browsers do with what stands in front of the function.
import { serve } from "../conformance/apps/serve.js";
import { answer, type Domain, eventOf } from "./lambda.js";

const [, , module = "", name = "", domain] = process.argv;
const loaded = await import(module);
// What a CommonJS module exports is its default.
const handler = loaded[name] ?? loaded.default[name];

const { origin } = await serve(
  async (request, response) => answer(await handler(await eventOf(request, domain as Domain)), response),
  async () => {},
);
console.log(origin);
