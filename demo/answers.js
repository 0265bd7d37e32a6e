// What the API answers when it does not do what was asked: the same at every framework.

/** The largest body of a request, in bytes: room for the longest note in any script. */
export const BODY_LIMIT = 16 * 1024;

/** The answer, with status 404, to a request for what there is not. */
export const NOTHING_HERE = { error: "There is nothing here." };

/** Something that the shop will not do; the message is for the visitor. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The answer to a request that failed.
 *
 * @param {Error & { status?: number, code?: string }} error
 * @returns {{ status: number, body: { error: string } }}
 */
export function answerTo(error) {
  // What cannot be a body, each framework says in its own words.
  if (error instanceof SyntaxError) return { status: 400, body: { error: "Please send JSON." } };
  if (error.status === 413) return { status: 413, body: { error: "That is too large." } };
  const { status = 503, code = error.name, message } = error;
  if (status < 500) return { status, body: { error: message } };
  console.error(`${code}: ${message}`);
  return { status, body: { error: `The session store failed: ${code}.` } };
}
