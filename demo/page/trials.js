// The left side, below: three trials of what a session goes through on a page, each with a button, and what came of it.
import { byId, element, flash, plural } from "./elements.js";

const SIX = 6;
const NAMES = ["reads", "changes", "sign-out"];

/**
 * @param {object} on
 * @param {() => void} on.readAtOnce
 * @param {() => void} on.changeAtOnce
 * @param {() => void} on.signOutMeanwhile
 */
export function createTrials(on) {
  byId("try-reads").addEventListener("click", () => on.readAtOnce());
  byId("try-changes").addEventListener("click", () => on.changeAtOnce());
  byId("try-sign-out").addEventListener("click", () => on.signOutMeanwhile());
  for (const name of ["reads", "changes"]) clear(name);

  /** Trials are made with a session; what came of the last one stays where it is. */
  function enable(isSignedIn) {
    for (const name of NAMES) byId(`try-${name}`).disabled = !isSignedIn;
    byId("trials-closed").hidden = isSignedIn;
  }

  /** Empties the tiles of a trial, and takes away what came of the last one. */
  function clear(name) {
    byId(`${name}-tiles`).replaceChildren(
      ...Array.from({ length: SIX }, () => element("li", { textContent: " " })),
    );
    tell(name, "");
  }

  /** Marks a tile, from 0, as on its way, or shows what came. */
  function show(name, index, came) {
    const tile = byId(`${name}-tiles`).children[index];
    tile.className = came ? "loaded" : "loading";
    if (!came) return;
    tile.replaceChildren(
      element("span", { textContent: came.title }),
      element("small", { textContent: `${came.detail}, ${Math.round(came.ms)} ms` }),
    );
  }

  /** Marks how far the sign-out is: the steps before this one, from 0, are done. */
  function reach(step) {
    for (const [index, item] of [...byId("sign-out-steps").children].entries()) {
      item.classList.toggle("done", index < step);
      item.classList.toggle("under-way", index === step);
    }
  }

  function tell(name, text) {
    const result = byId(`${name}-result`);
    result.textContent = text;
    if (text !== "") flash(result);
  }

  return { enable, clear, show, reach, tell, count: SIX };
}

/** What six reads came to. */
export function ofReads({ requests, calls, unitsBefore }) {
  const count = (kind) => calls.filter((call) => call.kind === kind).length;
  const sent = `${plural(count("read"), "read")} and ${plural(count("write"), "write")}`;
  return `${plural(requests, "request")}, ${sent}: ${plural(unitsOf(calls), "unit")}. 0.0.19 would have used ${unitsBefore}.`;
}

/** What six changes came to, of which so many are in the cart. */
export function ofChanges({ requests, calls, merged }, kept) {
  const refused = calls.filter(({ outcome }) => outcome === "refused").length;
  const how =
    merged === 0
      ? "this time none met another"
      : `${plural(merged, "save")} met others' changes and left them in, after ${plural(refused, "refused write")}`;
  const then = "0.0.19 writes rows whole: of changes that meet, the last one alone would be left.";
  return `${kept} of ${requests} are in the cart; ${how}. ${then}`;
}

/** What a sign-out came to, against a slow request. */
export function ofSignOut({ gone }, isRowLeft) {
  if (gone === 0 || isRowLeft)
    return "The slow request came first this time. The session is ended all the same.";
  return "The slow request's write was refused: nobody is signed in, and there is no row. 0.0.19 would have written the session back.";
}

function unitsOf(calls) {
  return calls.reduce((sum, { units }) => sum + units, 0);
}
