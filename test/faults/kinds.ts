// What goes wrong in a campaign: each kind of fault, how often it strikes where it is alone, and what the proxy then does.
import type { Random } from "../simulation/random.js";
import {
  type Answer,
  type Attempt,
  denied,
  expiredToken,
  internalError,
  type Refusal,
  requestLimitExceeded,
  skewed,
  throttled,
  throttling,
  timeTooSkewed,
  unavailable,
} from "../support/fault-proxy.js";
import { isCreation } from "./late-creations.js";

/** A request that arrived at the proxy. */
export interface Asked {
  readonly action: string;
  readonly body: unknown;
  readonly attempt: Attempt;
}

export interface FaultKind {
  readonly name: string;
  /** Of the requests that it can strike, how many it does. */
  readonly rate: number;
  /** How many requests are on their way at a time, where that is more than usual: for what waits, or travels together. */
  readonly inFlight?: number;
  /** Which requests it can strike; all where nothing is said. */
  strikes?(asked: Asked): boolean;
  answer(asked: Asked, random: Random): Answer;
}

export const KINDS: readonly FaultKind[] = [
  { name: "ProvisionedThroughputExceededException", rate: 0.3, inFlight: 24, answer: throttled },
  { name: "ThrottlingException", rate: 0.3, inFlight: 24, answer: throttling },
  { name: "RequestLimitExceeded", rate: 0.3, inFlight: 24, answer: requestLimitExceeded },
  {
    name: "InternalServerError",
    rate: 0.3,
    answer: (_, random) => perhapsCarriedOut(internalError(), random),
  },
  { name: "503", rate: 0.3, answer: (_, random) => perhapsCarriedOut(unavailable(), random) },
  {
    name: "unprocessed keys",
    rate: 0.8,
    inFlight: 24,
    strikes: ({ action }) => action === "BatchGetItem",
    answer: () => "unprocessed",
  },
  { name: "cut before it was applied", rate: 0.3, answer: () => "drop-before" },
  { name: "cut after it was applied", rate: 0.3, answer: () => "drop-after" },
  { name: "a first attempt after its retry", rate: 0.3, strikes: mayComeLate, answer: () => "late" },
  {
    name: "stall before the headers",
    rate: 0.15,
    answer: (_, random) => random.pick(["hang", "hang-after"]),
  },
  { name: "stall in mid-body", rate: 0.15, answer: () => "stall" },
  { name: "half a JSON document", rate: 0.15, answer: () => "half" },
  { name: "wrong content type", rate: 0.15, answer: () => "web-page" },
  {
    name: "connections refused for a while",
    rate: 0.02,
    answer: (_, random) => ({ refuseForMs: random.whole(10, 120) }),
  },
  { name: "expired credentials", rate: 0.15, answer: expiredToken },
  { name: "denied action", rate: 0.15, answer: ({ action }) => denied(action) },
  { name: "clock skew", rate: 0.3, answer: (_, random) => random.pick([skewed, timeTooSkewed])() },
];

/** The service may have failed before it did what it was asked for, or after. */
function perhapsCarriedOut(refusal: Refusal, random: Random): Refusal {
  return { ...refusal, isCarriedOut: random.chance(0.5) };
}

/** First attempts of writes. What a creation makes that comes late is nothing to be judged: see `late-creations.ts`. */
function mayComeLate({ action, body, attempt }: Asked): boolean {
  if (attempt.number > 1) return false;
  return action === "DeleteItem" || (action === "UpdateItem" && !isCreation(body));
}
