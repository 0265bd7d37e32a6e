// Lets a control listen, on a server of Node's, and prints where.
import { serve } from "../../conformance/apps/serve.js";
import type { Ready } from "../protocol.js";

export async function listen(answer: (command: string) => Promise<string>): Promise<void> {
  const { origin } = await serve(
    async (request, response) => {
      let command = "";
      for await (const chunk of request.setEncoding("utf8")) command += chunk;
      response.end(await answer(command));
    },
    async () => {},
  );
  const ready: Ready = { control: origin };
  console.log(JSON.stringify(ready));
}
