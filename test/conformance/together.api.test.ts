// The conformance suite for frameworks that serve one session together.
import { describe } from "vitest";
import { SEED, togetherByExpress, togetherByKoa } from "./apps/together.js";
import { conformance } from "./suite.js";

describe(`by the seed ${SEED}`, () => {
  conformance(togetherByExpress);
  // How data is written is asked of the three; of these, whose cookies they are.
  conformance(togetherByKoa, { formats: ["json"] });
});
