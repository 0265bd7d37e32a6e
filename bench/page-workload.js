// Users who look at pages: which requests they send, and when. Made under a seed, the same for every store.

/**
 * @typedef {object} Page a document, and calls in parallel that its scripts make
 * @property {number} user
 * @property {number} at milliseconds since the start
 * @property {boolean[]} changes for the document and each call, whether it changes the session
 */

export const PAGES = {
  users: 20,
  pagesEach: 25,
  callsInParallel: 5,
  /** Between two pages of one user. */
  pauseMs: { least: 5_000, most: 60_000 },
  /** Of all requests, how many change the session. */
  changing: 0.02,
  /** From a document to the calls that it makes. */
  callsAfterMs: 100,
};

/**
 * The pages of all users, in the order of time.
 *
 * @param {import("../test/simulation/random.js").Random} random
 * @returns {Page[]}
 */
export function pagesOf(random) {
  const pages = [];
  for (let user = 0; user < PAGES.users; user++) {
    const own = random.fork(`user ${user}`);
    let at = 0;
    for (let page = 0; page < PAGES.pagesEach; page++) {
      at += own.whole(PAGES.pauseMs.least, PAGES.pauseMs.most);
      const changes = Array.from({ length: 1 + PAGES.callsInParallel }, () => own.chance(PAGES.changing));
      pages.push({ user, at, changes });
    }
  }
  return pages.sort((one, other) => one.at - other.at || one.user - other.user);
}

export function requestsIn(pages) {
  return pages.reduce((sum, { changes }) => sum + changes.length, 0);
}

/** What a shop keeps of a user: as JSON, with the cookie beside it, about `bytes` in size. */
export function sessionData(bytes) {
  const data = {
    user: { id: "9f1c2d7e-4b0a-4c55-9f0e-2f3a6f0b7c11", name: "Grace Hopper", roles: ["customer", "editor"] },
    csrf: "Yk3vT0x9Q2mZr8Lw5uJd7hNc1bPeGaSf",
    locale: "en-GB",
    cart: { items: [{ sku: "LAMP-0042", count: 2 }], seen: 0 },
    trail: "",
  };
  const cookieBytes = 110;
  const missing = bytes - cookieBytes - JSON.stringify(data).length;
  return {
    ...data,
    trail: "/products/lamps ".repeat(Math.ceil(missing / 16)).slice(0, Math.max(0, missing)),
  };
}
