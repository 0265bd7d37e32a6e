// Another site: what stands at `localhost` is one to what stands at `127.0.0.1`, though both are this machine.
import type { Page } from "playwright-core";
import { serve } from "../conformance/apps/serve.js";

export interface OtherSite {
  /** Shows the page that leads to a shop by a link, and has a form and a script that would act there. */
  visit(page: Page, shop: string): Promise<void>;
  close(): Promise<void>;
}

export async function openOtherSite(): Promise<OtherSite> {
  const { origin, close } = await serve(
    (request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://localhost");
      const shop = searchParams.get("shop") ?? "";
      response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>Elsewhere</title>
      <a href="${shop}/">To the shop</a>
      <form method="post" action="${shop}/cart/add">
        <input type="hidden" name="product" value="lamp">
        <button>You have won</button>
      </form>`);
    },
    async () => {},
  );
  const { port } = new URL(origin);
  return {
    async visit(page, shop) {
      await page.goto(`http://localhost:${port}/?shop=${encodeURIComponent(shop)}`);
    },
    close,
  };
}
