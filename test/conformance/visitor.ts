// A browser: it keeps cookies until they are taken away, sends steps, and reads every response to its end.
import { type Answer, PASSIVE_HEADER, STEPS_HEADER, type Step } from "./protocol.js";

export interface Visit extends Answer {
  readonly status: number;
  /** The headers `Set-Cookie`. */
  readonly setCookies: readonly string[];
}

export class Visitor {
  readonly #origin: string;
  readonly cookies: Map<string, string>;

  constructor(origin: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#origin = origin;
    this.cookies = new Map(cookies);
  }

  /** Sends a request that takes these steps. */
  visit(...steps: Step[]): Promise<Visit> {
    return this.#send(steps, {});
  }

  /** The same, by a request that its user did not make. */
  poll(...steps: Step[]): Promise<Visit> {
    return this.#send(steps, { [PASSIVE_HEADER]: "1" });
  }

  /** The same, by a user who goes away when `signal` is aborted. */
  leave(signal: AbortSignal, ...steps: Step[]): Promise<Visit> {
    return this.#send(steps, {}, signal);
  }

  read(): Promise<Visit> {
    return this.visit({ do: "read" });
  }

  set(key: string, value: unknown): Promise<Visit> {
    return this.visit({ do: "set", key, value });
  }

  async #send(steps: Step[], headers: Record<string, string>, signal?: AbortSignal): Promise<Visit> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${this.#origin}/`, {
      ...(signal && { signal }),
      headers: {
        ...headers,
        [STEPS_HEADER]: encodeURIComponent(JSON.stringify(steps)),
        ...(cookie !== "" && { cookie }),
      },
    });
    const setCookies = response.headers.getSetCookie();
    for (const setCookie of setCookies) this.#keep(setCookie);
    return { status: response.status, setCookies, ...answerIn(await response.text()) };
  }

  // How long a cookie lives is the browser's business: the suite asks what the server does with one that is sent.
  #keep(setCookie: string): void {
    const [pair = "", ...attributes] = setCookie.split(/; */);
    const name = pair.slice(0, pair.indexOf("="));
    const isTakenAway = attributes.some((attribute) => /^(max-age=0|expires=.*\b1970\b.*)$/i.test(attribute));
    if (isTakenAway) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(name.length + 1));
  }
}

// A framework whose error handling came too late may have sent half an answer.
function answerIn(text: string): Answer {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
