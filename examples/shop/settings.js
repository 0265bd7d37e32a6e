// What the applications are told by the environment. What is missing is an error at the start, not with a visitor's
// request.
// @ts-check

const SHORTEST_SECRET = 32;

/** How long a session lasts after its last request: a week, in milliseconds. */
export const MAX_AGE = 7 * 24 * 60 * 60 * 1000;

/** @param {Record<string, string | undefined>} env */
export function settings({ TABLE = "", SECRET = "", NODE_ENV, HOST = "127.0.0.1", PORT = "3000" }) {
  const missing = [
    ...(TABLE ? [] : ["TABLE: the name of the DynamoDB table that holds the sessions"]),
    // Whoever can guess it can sign a cookie for anybody's session.
    ...(SECRET.length < SHORTEST_SECRET
      ? [`SECRET: at least ${SHORTEST_SECRET} characters, kept secret`]
      : []),
  ];
  if (missing.length > 0) throw new Error(`please set in the environment ${missing.join(", and ")}`);
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
