// What the SDK and the network report, as one of this package's errors. The one place that knows their names.
import type { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { isObject } from "./checks.js";
import { SessionStoreError, tooLarge } from "./errors.js";

/** What was being done when it failed. */
export interface Attempt {
  /** The command, as IAM names it: `GetItem`, `UpdateItem`, … */
  readonly action: string;
  readonly tableName: string;
}

// Common errors of the API (docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html), and the SDK's
// own where it finds no credentials to sign with.
const THROTTLING = /^(Throttling|TooManyRequests|((Request)?Limit|ProvisionedThroughput)Exceeded)/;
const CREDENTIALS =
  /Credentials|Token|Signature|AccessKey|^(AccessDenied|NotAuthorized|OptInRequired|RequestExpired|UnrecognizedClient)/;

/** A failure of a command as this package's error. One of this package's own passes as it is. */
export function translateFailure(error: unknown, attempt: Attempt): SessionStoreError {
  if (error instanceof SessionStoreError) return error;
  const { name, message } = nameAndMessage(error);
  const action = `dynamodb:${attempt.action} on the table "${attempt.tableName}"`;
  // What a SyntaxError says of an answer cut short quotes the answer, which may hold session data.
  const cause = name === "SyntaxError" ? undefined : error;
  const failed = (code: SessionStoreError["code"], text: string) =>
    new SessionStoreError(code, text, { cause });

  if (name === "ResourceNotFoundException") {
    return failed(
      "ERR_SESSION_TABLE",
      `the table "${attempt.tableName}" does not exist in this region and account; create it, or set table.name and the region`,
    );
  }
  if (name === "ValidationException" && /item size/i.test(message))
    return tooLarge("would be too large", error);
  if (name === "AccessDeniedException") {
    return failed(
      "ERR_SESSION_ACCESS",
      `${action} is denied; allow it in the IAM policy of these credentials`,
    );
  }
  if (CREDENTIALS.test(name) || /credential/i.test(message)) {
    return failed(
      "ERR_SESSION_ACCESS",
      `${action}: the credentials are missing, expired or wrong (${name}); give valid ones in clientConfig or in the environment`,
    );
  }
  if (/region is missing|region not accepted/i.test(message)) {
    return failed(
      "ERR_SESSION_ACCESS",
      `${action}: the region is missing or is none; set clientConfig.region or AWS_REGION`,
    );
  }
  if (THROTTLING.test(name)) {
    return failed(
      "ERR_SESSION_THROTTLED",
      `${action} was throttled, also after retries; raise the table's capacity or make it on-demand`,
    );
  }
  if (name === "TimeoutError" && !isCut(error)) {
    return failed(
      "ERR_SESSION_TIMEOUT",
      `${action} was not answered in time, however often it was tried; what was sent may still take effect`,
    );
  }
  const trouble =
    name === "ValidationException"
      ? "was refused as invalid; the cause says why"
      : `failed (${name}); the network or the service is in trouble`;
  return failed("ERR_SESSION_UNAVAILABLE", `${action} ${trouble}`);
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

/** Whether an action is not there to be had: these credentials may not use it, or the API does not know it. */
export function isUnavailable(error: unknown): boolean {
  return ["AccessDeniedException", "UnknownOperationException"].includes(nameAndMessage(error).name);
}

/** Whether a conditional write was refused by its condition; with the row that refused it, where the API gives it. */
export function isRefusal(error: unknown): error is ConditionalCheckFailedException {
  return nameAndMessage(error).name === "ConditionalCheckFailedException";
}

/** Whether another's transaction was just writing the row. */
export function isTransactionConflict(error: unknown): boolean {
  return nameAndMessage(error).name === "TransactionConflictException";
}

// The SDK calls it a TimeoutError, too, when a connection is cut.
function isCut(error: unknown): boolean {
  return isObject(error) && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function nameAndMessage(error: unknown): { name: string; message: string } {
  // The SDK's build for browsers, which Workers have, rejects with the bare text "Region is missing".
  const {
    name,
    code,
    message = typeof error === "string" ? error : "",
  }: Record<string, unknown> = Object(error);
  // Errors of the network are plain Errors with a code: ECONNREFUSED says more than "Error".
  return { name: String((name === "Error" && code) || name || "unknown"), message: String(message) };
}
