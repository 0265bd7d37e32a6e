// What the applications are told by the environment. What is missing is an error at the start, not with a visitor's
// request.
// @ts-check

const SHORTEST_SECRET = 32;

/** How long a session lasts after its last request: a week, in milliseconds. */
export const MAX_AGE = 7 * 24 * 60 * 60 * 1000;

/** @param {Record<string, string | undefined>} env */
export function settings({ TABLE, SECRET, NODE_ENV, HOST = "127.0.0.1", PORT = "3000" }) {
  if (!TABLE) throw new Error("TABLE is not set: the name of the DynamoDB table that holds the sessions");
  // Whoever can guess it can sign a cookie for anybody's session.
  if (!SECRET || SECRET.length < SHORTEST_SECRET) {
    throw new Error(
      `SECRET is not set, or shorter than ${SHORTEST_SECRET} characters: make one, and keep it`,
    );
  }
  return {
    table: TABLE,
    secret: SECRET,
    /** Whether visitors come by HTTPS, so that the cookie is never to travel without. */
    https: NODE_ENV === "production",
    host: HOST,
    port: Number(PORT),
  };
}

/**
 * Tells where an application listens.
 *
 * @param {string} host
 * @param {number} port
 */
export function announce(host, port) {
  console.log(`The shop is open at http://${host}:${port}`);
}
