// What a visitor is told when a request does not do what they asked for.
// @ts-check

/** Something that the shop will not do. The message is for the visitor. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}

/** For what is not there. */
export const NOT_FOUND = new Refusal("There is nothing here.", 404);

/**
 * The status and message for an error: a visitor's own, as the shop or the framework says it, is told; of any other no
 * more than that it happened, and the log has the rest.
 *
 * @param {unknown} error
 * @returns {{ status: number, message: string }}
 */
export function failureOf(error) {
  const { status, message } = Object(error);
  if (status >= 400 && status < 500) return { status, message };
  console.error(error);
  return { status: 500, message: "Something went wrong. Please try again." };
}
