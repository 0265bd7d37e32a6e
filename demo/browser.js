// As much of a browser as the check needs: cookies that are kept and sent, and answers read to their end. One is at one
// port; cookies are the host's, whatever the port, so that several of them share theirs.

/** @typedef {{ status: number, body: any, headers: Headers, setCookies: string[] }} Answer */

export class Browser {
  /** @type {Map<string, string>} */
  cookies;
  #url;
  #signal;

  /**
   * @param {string} url
   * @param {AbortSignal} signal ends every request
   * @param {Map<string, string>} [cookies]
   */
  constructor(url, signal, cookies = new Map()) {
    this.#url = url;
    this.#signal = signal;
    this.cookies = cookies;
  }

  /** The same browser at another address. */
  at(url) {
    return new Browser(url, this.#signal, this.cookies);
  }

  /** Another browser, without cookies. */
  stranger() {
    return new Browser(this.#url, this.#signal);
  }

  /** Another browser that holds the same cookies. */
  clone() {
    return new Browser(this.#url, this.#signal, new Map(this.cookies));
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
   * @param {string} [action]
   */
  post(path, body = {}, action = undefined) {
    return this.postText(path, JSON.stringify(body), "application/json", action);
  }

  /**
   * @param {string} path
   * @param {string} text
   * @param {string} [type] what it says that it is
   * @param {string} [action]
   */
  postText(path, text, type = "application/json", action = undefined) {
    const headers = { "content-type": type, ...(action && { "x-demo-action": action }) };
    return this.#request(path, { method: "POST", headers, body: text });
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
      .find((attribute) => attribute.toLowerCase().startsWith("expires="))
      ?.slice("expires=".length);
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(name.length + 1));
  }
}
