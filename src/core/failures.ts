// What the SDK and the network report, as one of this package's errors. The one place that knows their names.
import type { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { SessionStoreError } from "./errors.js";
import { tooLarge } from "./record.js";

/** What was being done when it failed. */
export interface Attempt {
  /** The command, as IAM names it: `GetItem`, `UpdateItem`, … */
  readonly action: string;
  readonly tableName: string;
}

const THROTTLING = [
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "LimitExceededException",
];

// Common errors of the API (docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html), and the SDK's
// own where it finds no credentials to sign with.
const CREDENTIALS = [
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "IncompleteSignatureException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "NotAuthorized",
  "OptInRequired",
  "RequestExpired",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
];

/** A failure of a command as this package's error. One of this package's own passes as it is. */
export function translateFailure(error: unknown, attempt: Attempt): SessionStoreError {
  if (error instanceof SessionStoreError) return error;
  const { name, message } = nameAndMessage(error);
  const { action, tableName } = attempt;
  const failed = (code: SessionStoreError["code"], text: string) =>
    new SessionStoreError(code, text, { cause: error });

  if (name === "ResourceNotFoundException") {
    return failed(
      "ERR_SESSION_TABLE",
      `the table "${tableName}" does not exist in this region and account; create it, or set table.name and the region`,
    );
  }
  if (isKeyMismatch(error)) {
    return failed(
      "ERR_SESSION_TABLE",
      `the keys of the table "${tableName}" are not those that table.hashKey and table.sortKey say`,
    );
  }
  if (name === "ValidationException" && /item size/i.test(message))
    return tooLarge("would be too large", error);
  if (name === "AccessDeniedException") {
    return failed(
      "ERR_SESSION_ACCESS",
      `dynamodb:${action} on the table "${tableName}" is denied to these credentials; allow the action in their IAM policy`,
    );
  }
  if (CREDENTIALS.includes(name)) {
    return failed(
      "ERR_SESSION_ACCESS",
      `dynamodb:${action} on the table "${tableName}" was not tried or not accepted, for the credentials are missing, expired or wrong (${name}); give valid ones in clientConfig or in the environment`,
    );
  }
  if (/region is missing/i.test(message)) {
    return failed(
      "ERR_SESSION_ACCESS",
      `dynamodb:${action} on the table "${tableName}" could not be sent, for there is no region; set clientConfig.region or AWS_REGION`,
    );
  }
  if (THROTTLING.includes(name)) {
    return failed(
      "ERR_SESSION_THROTTLED",
      `DynamoDB throttled dynamodb:${action} on the table "${tableName}", also after retries; raise the table's capacity or make it on-demand`,
    );
  }
  if (name === "ValidationException") {
    return failed(
      "ERR_SESSION_UNAVAILABLE",
      `DynamoDB refused dynamodb:${action} on the table "${tableName}" as invalid; the cause says why`,
    );
  }
  return failed(
    "ERR_SESSION_UNAVAILABLE",
    `dynamodb:${action} on the table "${tableName}" failed (${name}); the network or the service is in trouble`,
  );
}

/** Whether a command was refused because the table has other keys. */
export function isKeyMismatch(error: unknown): boolean {
  const { name, message } = nameAndMessage(error);
  return (
    name === "ValidationException" &&
    /key element|required keys|type mismatch for key|number of conditions on the keys/i.test(message)
  );
}

/** Whether a conditional write was refused by its condition; with the row that refused it, where the API gives it. */
export function isRefusal(error: unknown): error is ConditionalCheckFailedException {
  return nameAndMessage(error).name === "ConditionalCheckFailedException";
}

function nameAndMessage(error: unknown): { name: string; message: string } {
  if (typeof error !== "object" || error === null) return { name: "unknown", message: "" };
  const name = "name" in error && typeof error.name === "string" ? error.name : "unknown";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  // Errors of the network are plain Errors with a code: ECONNREFUSED says more than "Error".
  return { name: name === "Error" && code !== undefined ? code : name, message };
}
