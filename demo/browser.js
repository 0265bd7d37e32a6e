// As much of a browser as the check needs: cookies that are kept and sent, and answers read to their end.

/** @typedef {{ status: number, body: any, headers: Headers, setCookies: string[] }} Answer */

export class Browser {
  /** @type {Map<string, string>} */
  cookies = new Map();
  #url;
  #signal;

  /**
   * @param {string} url
   * @param {AbortSignal} signal ends every request
   */
  constructor(url, signal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** Another browser, without cookies. */
  stranger() {
    return new Browser(this.#url, this.#signal);
  }

  /** Another browser that holds the same cookies. */
  clone() {
    const copy = this.stranger();
    copy.cookies = new Map(this.cookies);
    return copy;
  }

  /**
   * @param {string} path
   * @param {string} [action] put in the header that names the user's action
   */
  get(path, action) {
    return this.#request(path, { headers: action ? { "x-demo-action": action } : {} });
  }

  /**
   * @param {string} path
   * @param {object} [body]
   */
  post(path, body = {}) {
    const headers = { "content-type": "application/json" };
    return this.#request(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** @returns {Promise<Answer>} */
  async #request(path, init) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, ...(cookie && { cookie }) };
    const response = await fetch(this.#url + path, { ...init, headers, signal: this.#signal });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(line);
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      headers: response.headers,
      setCookies,
    };
  }

  /** @param {string} line of a `Set-Cookie` header */
  #keep(line) {
    const [pair, ...attributes] = line.split("; ");
    const name = pair.slice(0, pair.indexOf("="));
    const expires = attributes
      .find((attribute) => attribute.startsWith("Expires="))
      ?.slice("Expires=".length);
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(name.length + 1));
  }
}
