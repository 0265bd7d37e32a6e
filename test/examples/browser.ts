// A person with a browser in front of the shop: reads its pages, presses its buttons, and keeps cookies as browsers do.

export interface BrowserOptions {
  /** Whether the page came by HTTPS, so that Secure cookies are kept and sent. */
  readonly https?: boolean;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What another browser had. */
  readonly cookies?: ReadonlyMap<string, string>;
}

export class Browser {
  readonly #origin: string;
  readonly #https: boolean;
  readonly #headers: Readonly<Record<string, string>>;
  readonly cookies: Map<string, string>;
  /** The headers `Set-Cookie` that came so far. */
  readonly setCookies: string[] = [];
  #page: Page | undefined;

  constructor(origin: string, { https = false, headers = {}, cookies = new Map() }: BrowserOptions = {}) {
    this.#origin = origin;
    this.#https = https;
    this.#headers = headers;
    this.cookies = new Map(cookies);
  }

  /** The page that it shows. */
  get page(): Page {
    if (this.#page === undefined) throw new Error("there is no page yet");
    return this.#page;
  }

  visit(path = "/"): Promise<Page> {
    return this.#show(path, { method: "GET" });
  }

  /** Presses the button of that name, on the page that it shows, with the fields filled in. */
  press(name: string, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const form = this.page.forms.find(({ button }) => button === name);
    if (form === undefined) throw new Error(`there is no button ${name} on this page:\n${this.page.html}`);
    const unknown = Object.keys(fields).filter((field) => !form.fields.has(field));
    if (unknown.length > 0) throw new Error(`the form of ${name} has no field ${unknown.join()}`);
    return this.send(form.action, { ...Object.fromEntries(form.fields), ...fields });
  }

  /** Sends a form, whether a page has it or not. */
  send(path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#show(path, { method: "POST", body: new URLSearchParams(fields) });
  }

  async #show(path: string, request: RequestInit): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(this.#origin + path, {
      ...request,
      redirect: "manual",
      headers: { accept: "text/html", ...this.#headers, ...(cookie !== "" && { cookie }) },
      signal: AbortSignal.timeout(10_000),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const html = await response.text();
    // After it the browser asks by GET: to load the page again sends no form a second time.
    if (response.status === 303) return this.visit(String(response.headers.get("location")));
    this.#page = new Page(response.status, response.headers, html);
    return this.#page;
  }

  #keep(line: string): void {
    this.setCookies.push(line);
    const [pair = "", ...attributes] = line.split(/; */);
    const has = (pattern: RegExp) => attributes.some((attribute) => pattern.test(attribute));
    if (has(/^secure$/i) && !this.#https) return;
    const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    if (has(/^(max-age=0|expires=.*\b1970\b.*)$/i)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

interface Form {
  readonly action: string;
  readonly fields: ReadonlyMap<string, string>;
  /** The name of its button, as a screen reader has it. */
  readonly button: string;
}

/** A page of the shop. */
export class Page {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly html: string,
  ) {}

  get forms(): Form[] {
    return [...this.html.matchAll(/<form method="post" action="([^"]*)">(.*?)<\/form>/gs)].map(
      ([, action = "", inside = ""]) => ({
        action,
        fields: new Map(
          [...inside.matchAll(/<input\b[^>]*>/g)].map(([input]) => [
            attribute(input, "name") ?? "",
            attribute(input, "value") ?? "",
          ]),
        ),
        button: attribute(inside, "aria-label") ?? textOf(inside.replace(/<label.*?<\/label>/gs, "")),
      }),
    );
  }

  /** The text below a heading, up to the next one. */
  below(heading: RegExp): string {
    const sections = this.html.split(/(?=<h2)/).map(textOf);
    return sections.find((section) => heading.test(section)) ?? "";
  }

  /** What it says in place of the shop. */
  get alert(): string | undefined {
    const [, alert] = /role="alert">(.*?)<\/p>/s.exec(this.html) ?? [];
    return alert === undefined ? undefined : textOf(alert);
  }
}

function attribute(html: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(html)?.[1];
}

/** What a person reads. */
function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}

/** Seconds that a cookie lives, by its attributes in small letters. */
export function lifetimeIn(attributes: readonly string[]): number {
  const [, maxAge] = /^max-age=(.*)/m.exec(attributes.join("\n")) ?? [];
  const [, expires = ""] = /^expires=(.*)/m.exec(attributes.join("\n")) ?? [];
  return maxAge === undefined ? (Date.parse(expires) - Date.now()) / 1000 : Number(maxAge);
}
