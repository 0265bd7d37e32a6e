// What each failure that the SDK and the network report is for a caller, as a table; that they report them so is tested at
// the API.
import { describe, expect, it } from "vitest";
import { SessionStoreError } from "../../src/core/errors.js";
import {
  foreignAnswer,
  isAnswer,
  isKeyMismatch,
  isThrottledTransaction,
  isTransactionConflict,
  isUnavailable,
  refusalIn,
  translateFailure,
} from "../../src/core/failures.js";

const attempt = { action: "GetItem", tableName: "sessions" };
const AT = 'dynamodb:GetItem on the table "sessions"';
const MAYBE = "What was sent may still take effect";

const named = (name: string, message = "", more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });
const network = (code: string, name = "Error") => named(name, "", { code });

describe("a failure", () => {
  const foreign = (name: string) =>
    `${AT} was answered by something other than DynamoDB's JSON (${name}); check clientConfig.endpoint, and what stands between it and here. ${MAYBE}`;
  const credentials = (name: string) =>
    `${AT}: the credentials are missing, expired or wrong (${name}); give valid ones in clientConfig or in the environment`;
  const tls = (name: string) =>
    `${AT} failed, for there is no TLS to the endpoint (${name}); check whether clientConfig.endpoint is http or https, and certificates`;
  const time = `${AT} was refused for the time at which it was signed; set this machine's clock`;
  const region = `${AT}: the region is missing, is none, or is not the endpoint's; set clientConfig.region or AWS_REGION`;
  const throttled = `${AT} was throttled, also after retries; raise the table's capacity or make it on-demand`;
  const cut = (name: string) => `${AT} failed, for the connection was cut (${name}). ${MAYBE}`;
  const unknownName = (name: string) =>
    `${AT} failed, for the endpoint's name is not known (${name}); check the region, clientConfig.endpoint and DNS`;
  const nobody = (name: string) =>
    `${AT} failed, for nobody answers at the endpoint (${name}); check clientConfig.endpoint, and that it can be reached`;
  const trouble = (name: string) =>
    `${AT} failed (${name}); the network or the service is in trouble. ${MAYBE}`;
  const tooLarge = `${AT} would make the row too large. DynamoDB holds at most 400 KB in a row; keep large data elsewhere and its key in the session. Nothing was written`;

  it.each<[error: unknown, code: string, says: string]>([
    [named("SyntaxError"), "UNAVAILABLE", foreign("SyntaxError")],
    [
      named("SyntaxError", "", { $metadata: { httpStatusCode: 502 } }),
      "UNAVAILABLE",
      foreign("SyntaxError, status 502"),
    ],
    [network("HPE_INVALID_CONSTANT"), "UNAVAILABLE", foreign("HPE_INVALID_CONSTANT")],
    [foreignAnswer("text/html"), "UNAVAILABLE", foreign("ForeignAnswer")],
    [
      named("ResourceNotFoundException"),
      "TABLE",
      'the table "sessions" does not exist in this region and account; create it, or set table.name and the region',
    ],
    [
      named("AccessDeniedException"),
      "ACCESS",
      `${AT} is denied; allow it in the IAM policy of these credentials`,
    ],
    [named("RequestTimeTooSkewed"), "ACCESS", time],
    [named("RequestExpired"), "ACCESS", time],
    [named("RequestInTheFuture"), "ACCESS", time],
    [named("InvalidSignatureException", "Signature expired: 1 is now earlier than 2"), "ACCESS", time],
    [named("InvalidSignatureException", "Signature not yet current: 1"), "ACCESS", time],
    [named("Error", "Region is missing"), "ACCESS", region],
    ["Region is missing", "ACCESS", region],
    [named("Error", 'Region not accepted: region="x"'), "ACCESS", region],
    [named("SignatureDoesNotMatch", "Credential should be scoped to a valid region."), "ACCESS", region],
    [network("EPROTO"), "UNAVAILABLE", tls("EPROTO")],
    [network("ERR_SSL_WRONG_VERSION_NUMBER"), "UNAVAILABLE", tls("ERR_SSL_WRONG_VERSION_NUMBER")],
    [network("ERR_TLS_CERT_ALTNAME_INVALID"), "UNAVAILABLE", tls("ERR_TLS_CERT_ALTNAME_INVALID")],
    [network("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "UNAVAILABLE", tls("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
    [network("DEPTH_ZERO_SELF_SIGNED_CERT"), "UNAVAILABLE", tls("DEPTH_ZERO_SELF_SIGNED_CERT")],
    ...[
      "CredentialsProviderError",
      "ExpiredTokenException",
      "InvalidSignatureException",
      "InvalidAccessKeyId",
      "AccessDenied",
      "NotAuthorized",
      "OptInRequired",
      "UnrecognizedClientException",
    ].map((name): [unknown, string, string] => [named(name), "ACCESS", credentials(name)]),
    [named("Error", "Could not load credentials from any providers"), "ACCESS", credentials("Error")],
    [
      named("RequestLimitExceeded"),
      "THROTTLED",
      `${AT} was throttled by the account's limit, also after retries; ask AWS for a higher quota`,
    ],
    ...[
      "ThrottlingException",
      "TooManyRequestsException",
      "LimitExceededException",
      "ProvisionedThroughputExceededException",
    ].map((name): [unknown, string, string] => [named(name), "THROTTLED", throttled]),
    [
      network("ETIMEDOUT", "TimeoutError"),
      "TIMEOUT",
      `${AT} was not answered in time, however often it was tried. ${MAYBE}`,
    ],
    [
      named("TimeoutError"),
      "TIMEOUT",
      `${AT} was not answered in time, however often it was tried. ${MAYBE}`,
    ],
    [
      named("ItemCollectionSizeLimitExceededException"),
      "TOO_LARGE",
      `${AT} found no room, for a row and its copies in local secondary indexes hold at most 10 GB; use a table without such indexes. Nothing was written`,
    ],
    [named("ValidationException", "Item size has exceeded the maximum"), "TOO_LARGE", tooLarge],
    [named("ValidationError", "1 item size to update has exceeded"), "TOO_LARGE", tooLarge],
    [
      named("UnknownOperationException"),
      "UNAVAILABLE",
      `${AT} is not known to this API; the options previous and owner need transactions, which DynamoDB and DynamoDB Local have`,
    ],
    [named("ValidationException", "no"), "UNAVAILABLE", `${AT} was refused as invalid; the cause says why`],
    [named("ValidationError", "no"), "UNAVAILABLE", `${AT} was refused as invalid; the cause says why`],
    [network("ECONNRESET"), "UNAVAILABLE", cut("ECONNRESET")],
    [network("ECONNRESET", "TimeoutError"), "UNAVAILABLE", cut("ECONNRESET")],
    [network("EPIPE"), "UNAVAILABLE", cut("EPIPE")],
    [network("ENOTFOUND"), "UNAVAILABLE", unknownName("ENOTFOUND")],
    [network("EAI_AGAIN"), "UNAVAILABLE", unknownName("EAI_AGAIN")],
    [network("ECONNREFUSED", "AggregateError"), "UNAVAILABLE", nobody("ECONNREFUSED")],
    [network("EHOSTUNREACH"), "UNAVAILABLE", nobody("EHOSTUNREACH")],
    [network("ENETUNREACH"), "UNAVAILABLE", nobody("ENETUNREACH")],
    [named("InternalServerError"), "UNAVAILABLE", trouble("InternalServerError")],
    [
      named("InternalServerError", "", { $metadata: { httpStatusCode: 500 } }),
      "UNAVAILABLE",
      trouble("InternalServerError"),
    ],
    [
      named("Unknown", "", { $metadata: { httpStatusCode: 503 } }),
      "UNAVAILABLE",
      trouble("Unknown, status 503"),
    ],
    [named("Unknown", "", { $metadata: {} }), "UNAVAILABLE", trouble("Unknown")],
    [named("Unknown"), "UNAVAILABLE", trouble("Unknown")],
    [named("SomeError", "", { code: "ECONNRESET" }), "UNAVAILABLE", trouble("SomeError")],
    [network("E_NEW"), "UNAVAILABLE", trouble("E_NEW")],
    [named(""), "UNAVAILABLE", trouble("unknown")],
    [undefined, "UNAVAILABLE", trouble("unknown")],
  ])(
    "of the SDK's or the network's is one of this package's, and says what to do: %s",
    (error, code, says) => {
      const translated = translateFailure(error, attempt);
      expect(translated).toBeInstanceOf(SessionStoreError);
      expect(translated.message).toBe(says);
      expect(translated.code).toBe(`ERR_SESSION_${code}`);
    },
  );

  it("is not taken for one that its text only speaks of", () => {
    for (const name of [
      "AResourceNotFoundException",
      "AnAccessDeniedExceptionOf",
      "MyTimeoutError",
      "NoValidationError",
    ]) {
      expect(translateFailure(named(name), attempt)).not.toMatchObject({
        message: expect.stringMatching(/does not exist|is denied|in time|invalid;/),
      });
    }
    const spoken =
      "ThrottlingException TimeoutError ECONNRESET ENOTFOUND ECONNREFUSED EPROTO SyntaxError UnknownOperation RequestExpired RequestLimitExceeded ItemCollectionSizeLimitExceeded token ValidationError: item size";
    expect(translateFailure(named("Other", spoken), attempt).message).toBe(trouble("Other"));
  });

  it("of this package's own passes as it is", () => {
    const own = new SessionStoreError("ERR_SESSION_CLOSED", "closed");
    expect(translateFailure(own, attempt)).toBe(own);
  });

  it("has the SDK's error as its cause, unless that quotes the answer", () => {
    const error = named("InternalServerError");
    expect(translateFailure(error, attempt).cause).toBe(error);
    expect(translateFailure("Region is missing", attempt).cause).toBe("Region is missing");
    expect(translateFailure(named("SyntaxError", "Unexpected token: secret"), attempt).cause).toBeUndefined();
    expect(
      translateFailure(named("Error", "", { code: "HPE_X", rawPacket: "secret" }), attempt).cause,
    ).toBeUndefined();
  });

  it("of a transaction is that of the write which is to blame", () => {
    const CancellationReasons = [
      { Code: "None" },
      { Code: "ValidationError", Message: "Item size has exceeded" },
    ];
    const cancelled = named("TransactionCanceledException", "", { CancellationReasons });
    expect(translateFailure(cancelled, attempt).message).toBe(tooLarge);
  });

  it("that is an answer of another kind says of which", () => {
    expect(foreignAnswer("text/html")).toMatchObject({
      name: "ForeignAnswer",
      message: "the answer is of the type text/html",
    });
    expect(foreignAnswer(undefined).message).toBe("the answer is of the type (none)");
  });
});

describe("a failure tells", () => {
  it.each([
    { message: "The provided key element does not match the schema", is: true },
    { message: "One of the required keys was not given a value", is: true },
    { message: "Type mismatch for key pk", is: true },
    { message: "The number of conditions on the keys is invalid", is: true },
    { message: "Item size has exceeded", is: false },
  ])("that the table has other keys: $message", ({ message, is }) => {
    expect(isKeyMismatch(named("ValidationException", message))).toBe(is);
    expect(isKeyMismatch(named("OtherException", message))).toBe(false);
  });

  it("that it came as an answer", () => {
    expect(isAnswer(named("Any", "", { $response: {} }))).toBe(true);
    expect(isAnswer(named("Any"))).toBe(false);
    expect(isAnswer("text")).toBe(false);
    expect(isAnswer(undefined)).toBe(false);
  });

  it("that an action is not to be had", () => {
    expect(isUnavailable(named("AccessDeniedException"))).toBe(true);
    expect(isUnavailable(named("UnknownOperationException"))).toBe(true);
    expect(isUnavailable(named("ThrottlingException"))).toBe(false);
  });

  const refused = "ConditionalCheckFailed";
  const item = { pk: { S: "x" } };
  const cancelled = (...CancellationReasons: unknown[]) =>
    named("TransactionCanceledException", "", { CancellationReasons });

  it("which write was refused by its condition, and by which row", () => {
    expect(refusalIn(named(`${refused}Exception`, "", { Item: item }))).toEqual({ index: 0, item });
    expect(refusalIn(named(`${refused}Exception`))).toEqual({ index: 0, item: undefined });
    expect(refusalIn(named(`${refused}Exception`, "", { Item: "none" }))).toEqual({
      index: 0,
      item: undefined,
    });
    expect(refusalIn(cancelled({ Code: "None" }, { Code: refused, Item: item }))).toEqual({ index: 1, item });
    expect(refusalIn(cancelled({ Code: refused }))).toEqual({ index: 0, item: undefined });
    expect(refusalIn(cancelled({ Code: "None" }, { Code: "ValidationError" }))).toBeUndefined();
    expect(refusalIn(named("ThrottlingException"))).toBeUndefined();
    expect(refusalIn(undefined)).toBeUndefined();
  });

  it("that another's transaction was just writing the row", () => {
    expect(isTransactionConflict(named("TransactionConflictException"))).toBe(true);
    expect(isTransactionConflict(named("TransactionInProgressException"))).toBe(true);
    expect(isTransactionConflict(cancelled({ Code: "None" }, { Code: "TransactionConflict" }))).toBe(true);
    expect(isTransactionConflict(named("OtherTransactionConflict"))).toBe(false);
    expect(isTransactionConflict(cancelled({ Code: refused }))).toBe(false);
  });

  it("that a transaction was cancelled for want of capacity, which a write alone is not", () => {
    expect(isThrottledTransaction(cancelled({ Code: "ThrottlingError" }))).toBe(true);
    expect(
      isThrottledTransaction(cancelled({ Code: "None" }, { Code: "ProvisionedThroughputExceeded" })),
    ).toBe(true);
    expect(isThrottledTransaction(cancelled({ Code: refused }))).toBe(false);
    expect(isThrottledTransaction(named("ThrottlingException"))).toBe(false);
    expect(isThrottledTransaction(named("ThrottlingException", "", { CancellationReasons: "none" }))).toBe(
      false,
    );
  });
});
