// When a session has ended, for those who must act then: what a record of DynamoDB Streams says.
import {
  afterPrefix,
  type FoundSession,
  placeBy,
  type SessionStoreOptions,
  sessionIn,
} from "../core/doors.js";

type Item = Parameters<typeof sessionIn>[0];

/**
 * A record of a table's stream, as AWS Lambda gives it to a function, or as the SDK's `GetRecords` does. The
 * stream's view must hold the old image: `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`.
 */
export interface StreamRecord {
  /** `INSERT`, `MODIFY` or `REMOVE`. */
  readonly eventName?: string | undefined;
  /** Who removed the row; Lambda spells the fields small, the SDK with capitals. */
  readonly userIdentity?:
    | {
        /** `Service` where DynamoDB removed it. */
        readonly type?: string | undefined;
        /** Which service: `dynamodb.amazonaws.com`. */
        readonly principalId?: string | undefined;
        /** As `type`. */
        readonly Type?: string | undefined;
        /** As `principalId`. */
        readonly PrincipalId?: string | undefined;
      }
    | undefined;
  /** What happened to the row. */
  readonly dynamodb?:
    | {
        /** The row as it was, in DynamoDB's own JSON. */
        readonly OldImage?: Readonly<Record<string, object>> | undefined;
        /** Epoch seconds of Lambda, a date of the SDK. */
        readonly ApproximateCreationDateTime?: number | Date | undefined;
      }
    | undefined;
}

/** A session that has ended. */
export interface EndedSession extends Pick<FoundSession, "id" | "shortId" | "owner"> {
  /** Base64url(SHA-256(id)), where the option `hashIds` is set and `id` is empty; else `undefined`. */
  readonly idHash: string | undefined;
  /**
   * `expired`: its time was over. `destroyed`: it was ended before that, by a logout, a `regenerate` (it goes on
   * under another id) or an operator.
   */
  readonly reason: "expired" | "destroyed";
}

// As docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html has it.
const TIME_TO_LIVE = { type: "Service", principalId: "dynamodb.amazonaws.com" };

/**
 * The session that ended where a stream's record is the removal of one; `undefined` for every other record: of
 * a write, of a row that is no session of this store, as of an owner's list or of other data in the table.
 *
 * DynamoDB removes expired rows hours or days later, and the store one that is asked for: `expired` may come
 * late. A row that moves away from this place by the option `previous` of another store is `destroyed` here:
 * watch the place that it moves to.
 *
 * @param store the options that the application gives to its store. `previous` is not looked at.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 * @example
 * export async function handler({ Records }: { Records: StreamRecord[] }) {
 *   for (const record of Records) {
 *     const ended = sessionEnded(record, { table: { name: "sessions" } });
 *     if (ended) await forgetUploadsOf(ended.id);
 *   }
 * }
 */
export function sessionEnded(record: StreamRecord, store: SessionStoreOptions): EndedSession | undefined {
  const place = placeBy(store);
  if (record.eventName !== "REMOVE" || !record.dynamodb?.OldImage) return undefined;
  const removedAt = msOf(record.dynamodb.ApproximateCreationDateTime);
  const item = attributesOf(record.dynamodb.OldImage);
  const session = sessionOf(item, { ...place, absoluteTtl: store.absoluteTtl }, removedAt ?? 0);
  if (session === undefined) return undefined;
  const { id, shortId, owner, key, isExpired } = session;
  const { hashIds } = place.keys;
  return {
    id,
    idHash: hashIds ? afterPrefix(key, place.keys) : undefined,
    shortId,
    owner,
    reason: isByTimeToLive(record) || isExpired ? "expired" : "destroyed",
  };
}

/** One whose end cannot be read has ended all the same: a record that fails would hold up all behind it. */
function sessionOf(item: Item, rules: Parameters<typeof sessionIn>[1], removedAt: number) {
  try {
    return sessionIn(item, rules, removedAt);
  } catch {
    const { until, expires, created, ...rest } = item;
    const session = sessionIn(rest, rules, removedAt);
    return session && { ...session, isExpired: false };
  }
}

function isByTimeToLive({ userIdentity = {} }: StreamRecord): boolean {
  const { type = userIdentity.Type, principalId = userIdentity.PrincipalId } = userIdentity;
  return type === TIME_TO_LIVE.type && principalId === TIME_TO_LIVE.principalId;
}

/** A record says seconds; whether a session was over is meant at the end of that one. */
function msOf(time: number | Date | undefined): number | undefined {
  if (time === undefined) return undefined;
  return (typeof time === "number" ? time * 1000 : time.getTime()) + 999;
}

/** The texts and numbers of an image: the others are bytes here and base64 there, and are not looked at. */
function attributesOf(image: Readonly<Record<string, object>>): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(image)) {
    if ("S" in value && typeof value.S === "string") item[name] = { S: value.S };
    else if ("N" in value && typeof value.N === "string") item[name] = { N: value.N };
    // That it is there is what matters.
    else item[name] = { NULL: true };
  }
  return item;
}
