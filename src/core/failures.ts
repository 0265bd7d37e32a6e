// What the SDK and the network report, as one of this package's errors. The one place that knows their names.
// For users the same table stands in docs/errors.md.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { isObject } from "./checks.js";
import { LARGEST_ROW, type SessionErrorCode, SessionStoreError } from "./errors.js";

/** What was being done when it failed. */
export interface Attempt {
  /** The command, as IAM names it: `GetItem`, `UpdateItem`, … */
  readonly action: string;
  readonly tableName: string;
}

const WHAT_WAS_SENT = "What was sent may still take effect";

// What a failure, as `name: message`, is for a caller; the first that fits counts. The names are the API's
// (docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html and
// …/APIReference/CommonErrors.html), the SDK's own where it finds nothing to sign with, and Node's where
// there is no answer. ACTION, TABLE and NAME are filled in.
const FAILURES: readonly (readonly [RegExp, SessionErrorCode, says: string])[] = [
  [
    /^(SyntaxError|HPE_|ForeignAnswer)/,
    "ERR_SESSION_UNAVAILABLE",
    `ACTION was answered by something other than DynamoDB's JSON (NAME); check clientConfig.endpoint, and what stands between it and here. ${WHAT_WAS_SENT}`,
  ],
  [
    /^ResourceNotFoundException/,
    "ERR_SESSION_TABLE",
    "TABLE does not exist in this region and account; create it, or set table.name and the region",
  ],
  [
    /^AccessDeniedException/,
    "ERR_SESSION_ACCESS",
    "ACTION is denied; allow it in the IAM policy of these credentials",
  ],
  [
    /^Request(TimeTooSkewed|Expired|InTheFuture)|: signature (expired|not yet current)/i,
    "ERR_SESSION_ACCESS",
    "ACTION was refused for the time at which it was signed; set this machine's clock",
  ],
  [
    /: .*(region is missing|region not accepted|should be scoped to a valid region)/i,
    "ERR_SESSION_ACCESS",
    "ACTION: the region is missing, is none, or is not the endpoint's; set clientConfig.region or AWS_REGION",
  ],
  // Before the credentials: Node's codes speak of signatures as well.
  [
    /^(EPROTO|ERR_SSL|ERR_TLS|UNABLE_TO_|[A-Z_]*CERT)/,
    "ERR_SESSION_UNAVAILABLE",
    "ACTION failed, for there is no TLS to the endpoint (NAME); check whether clientConfig.endpoint is http or https, and certificates",
  ],
  [
    /^[^:]*(credentials|token|signature|accesskey|accessdenied|notauthorized|optinrequired|unrecognizedclient)|: .*credential/i,
    "ERR_SESSION_ACCESS",
    "ACTION: the credentials are missing, expired or wrong (NAME); give valid ones in clientConfig or in the environment",
  ],
  [
    /^RequestLimitExceeded/,
    "ERR_SESSION_THROTTLED",
    "ACTION was throttled by the account's limit, also after retries; ask AWS for a higher quota",
  ],
  [
    /^(Throttling|TooManyRequests|(Limit|ProvisionedThroughput)Exceeded)/,
    "ERR_SESSION_THROTTLED",
    "ACTION was throttled, also after retries; raise the table's capacity or make it on-demand",
  ],
  [
    /^TimeoutError/,
    "ERR_SESSION_TIMEOUT",
    `ACTION was not answered in time, however often it was tried. ${WHAT_WAS_SENT}`,
  ],
  [
    /^ItemCollectionSizeLimitExceeded/,
    "ERR_SESSION_TOO_LARGE",
    "ACTION found no room, for a row and its copies in local secondary indexes hold at most 10 GB; use a table without such indexes. Nothing was written",
  ],
  [
    /^Validation(Exception|Error): .*item size/i,
    "ERR_SESSION_TOO_LARGE",
    `ACTION would make the row too large. ${LARGEST_ROW}`,
  ],
  [
    /^UnknownOperation/,
    "ERR_SESSION_UNAVAILABLE",
    "ACTION is not known to this API; the options previous and owner need transactions, which DynamoDB and DynamoDB Local have",
  ],
  [
    /^Validation(Exception|Error)/,
    "ERR_SESSION_UNAVAILABLE",
    "ACTION was refused as invalid; the cause says why",
  ],
  [
    /^(ECONNRESET|EPIPE)/,
    "ERR_SESSION_UNAVAILABLE",
    `ACTION failed, for the connection was cut (NAME). ${WHAT_WAS_SENT}`,
  ],
  [
    /^(ENOTFOUND|EAI_)/,
    "ERR_SESSION_UNAVAILABLE",
    "ACTION failed, for the endpoint's name is not known (NAME); check the region, clientConfig.endpoint and DNS",
  ],
  [
    /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)/,
    "ERR_SESSION_UNAVAILABLE",
    "ACTION failed, for nobody answers at the endpoint (NAME); check clientConfig.endpoint, and that it can be reached",
  ],
];

const OTHERWISE: (typeof FAILURES)[number] = [
  /./,
  "ERR_SESSION_UNAVAILABLE",
  `ACTION failed (NAME); the network or the service is in trouble. ${WHAT_WAS_SENT}`,
];

/** A failure of a command as this package's error. One of this package's own passes as it is. */
export function translateFailure(error: unknown, attempt: Attempt): SessionStoreError {
  if (error instanceof SessionStoreError) return error;
  const { name, message } = nameAndMessage(error);
  const failure = `${name}: ${message}`;
  const [, code, says] = FAILURES.find(([pattern]) => pattern.test(failure)) ?? OTHERWISE;
  const table = `the table "${attempt.tableName}"`;
  const words: Record<string, string> = {
    ACTION: `dynamodb:${attempt.action} on ${table}`,
    TABLE: table,
    NAME: withStatus(name, error),
  };
  const text = says.replace(/ACTION|TABLE|NAME/g, (word) => words[word] ?? word);
  return new SessionStoreError(code, text, { cause: quotesAnswer(error) ? undefined : error });
}

/** An answer that says it is done and is none of DynamoDB's: of another type than its JSON. */
export function foreignAnswer(contentType: unknown): Error {
  const error = new Error(`the answer is of the type ${contentType ?? "(none)"}`);
  error.name = "ForeignAnswer";
  return error;
}

/** Whether a command was refused because the table has other keys. */
export function isKeyMismatch(error: unknown): boolean {
  const { name, message } = nameAndMessage(error);
  return (
    name === "ValidationException" &&
    /key element|required keys|type mismatch for key|number of conditions on the keys/i.test(message)
  );
}

/** Whether a failure came as an answer, and not for want of one. */
export function isAnswer(error: unknown): boolean {
  return isObject(error) && error.$response !== undefined;
}

/**
 * Whether an action is not there to be had: these credentials may not use it, or the API does not know it.
 */
export function isUnavailable(error: unknown): boolean {
  return ["AccessDeniedException", "UnknownOperationException"].includes(nameAndMessage(error).name);
}

/** What refused a conditional write. */
export interface Refusal {
  /** Which write of a transaction it was; 0 of one alone. */
  readonly index: number;
  /** The row that refused it, where there is one and the API gives it. */
  readonly item: Record<string, AttributeValue> | undefined;
}

/** Whether a write, or one of a transaction, was refused by its condition. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (nameAndMessage(error).name === REFUSED) return { index: 0, item: itemOf(error) };
  const reasons = reasonsOf(error);
  const index = reasons.findIndex(({ Code }) => `${Code}Exception` === REFUSED);
  return index < 0 ? undefined : { index, item: itemOf(reasons[index]) };
}

/** Whether another's transaction was just writing the row. */
export function isTransactionConflict(error: unknown): boolean {
  return /^Transaction(Conflict|InProgress)/.test(nameAndMessage(error).name);
}

/**
 * Whether a transaction was cancelled for want of capacity: unlike a write alone, the SDK does not send it
 * again.
 */
export function isThrottledTransaction(error: unknown): boolean {
  return reasonsOf(error).length > 0 && /Throttl|ThroughputExceeded/.test(nameAndMessage(error).name);
}

const REFUSED = "ConditionalCheckFailedException";

/**
 * Why a transaction was cancelled, for each of its writes in order; of those that are not to blame, `None`.
 */
function reasonsOf(error: unknown): Record<string, unknown>[] {
  const reasons = isObject(error) ? error.CancellationReasons : undefined;
  return Array.isArray(reasons) ? reasons.map((reason) => ({ ...reason })) : [];
}

function itemOf(refused: unknown): Refusal["item"] {
  return isObject(refused) && isItem(refused.Item) ? refused.Item : undefined;
}

// As the SDK gives it.
function isItem(item: unknown): item is Record<string, AttributeValue> {
  return isObject(item);
}

/**
 * Whether an error quotes the answer, which may hold session data: what cannot be parsed as JSON is quoted in
 * the message, what cannot be parsed as HTTP stands in `rawPacket`.
 */
function quotesAnswer(error: unknown): boolean {
  return isObject(error) && (error.name === "SyntaxError" || "rawPacket" in error);
}

/** The name, with the HTTP status where the SDK has no name that says it. */
function withStatus(name: string, error: unknown): string {
  const metadata = isObject(error) ? error.$metadata : undefined;
  const status = isObject(metadata) ? metadata.httpStatusCode : undefined;
  const saysIt = !["Unknown", "SyntaxError"].includes(name);
  return saysIt || status === undefined ? name : `${name}, status ${status}`;
}

function nameAndMessage(error: unknown): { name: string; message: string } {
  const blamed = reasonsOf(error).find(({ Code }) => Code !== "None");
  if (blamed) return { name: String(blamed.Code), message: String(blamed.Message) };
  // The SDK's build for browsers, which Workers have, rejects with the bare text "Region is missing".
  const {
    name,
    code,
    message = typeof error === "string" ? error : "",
  }: Record<string, unknown> = Object(error);
  // Errors of the network have a code: ECONNREFUSED says more than "Error", or "AggregateError" of several
  // addresses. The SDK calls a connection that was cut a TimeoutError.
  const isOfNetwork =
    name === "Error" || name === "AggregateError" || (name === "TimeoutError" && code !== "ETIMEDOUT");
  return { name: String((isOfNetwork && code) || name || "unknown"), message: String(message) };
}
