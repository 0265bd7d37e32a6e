// The conformance suite for frameworks that serve one session together.
import { describe } from "vitest";
import { SEED, togetherByExpress, togetherByKoa } from "./apps/together.js";
import { conformance } from "./suite.js";

describe(`by the seed ${SEED}`, () => {
  for (const driver of [togetherByExpress, togetherByKoa]) conformance(driver);
});
