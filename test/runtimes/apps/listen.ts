// Lets a control listen on a server of Node's.
import { text } from "node:stream/consumers";
import { serve } from "../../conformance/apps/serve.js";
import { announce } from "./ready.js";

export async function listen(answer: (command: string) => Promise<string>): Promise<void> {
  const served = await serve(
    async (request, response) => void response.end(await answer(await text(request))),
    async () => {},
  );
  announce(served);
}
