// The page's requests to its server, and the two ways in which they fail.

/** The server did not answer. */
export class ServerGone extends Error {}

/** The server answered that it will not; the message is for the user. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 10_000;

/** Names what a user did, for all requests that it takes. */
export function nameAction(label) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
  return `${id} ${label}`;
}

export function get(path, action) {
  return request(path, { headers: action ? { "x-demo-action": action } : {} });
}

export function post(path, body, action) {
  const headers = { "content-type": "application/json", "x-demo-action": action };
  return request(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function request(path, init) {
  const [response, body] = await fetchJson(path, init);
  if (!response.ok)
    throw new Refused(response.status, body.error ?? `The server answered ${response.status}.`);
  return body;
}

async function fetchJson(path, init) {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return [response, await response.json()];
  } catch (error) {
    throw new ServerGone("The server does not answer.", { cause: error });
  }
}
