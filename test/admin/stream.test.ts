// What is made of a stream's record that no emulator writes: one of DynamoDB's own time to live, and ones that say less.
import { describe, expect, it } from "vitest";
import { type StreamRecord, sessionEnded } from "../../src/admin/index.js";

const store = { table: { name: "sessions" } };
const OldImage = {
  pk: { S: "session-store#visitor-0123456789" },
  sk: { S: "session-store#visitor-0123456789" },
  sess: { S: "{}" },
  until: { N: "1800000000000" },
  expires: { N: "1800000000" },
};
const REMOVE: StreamRecord = {
  eventName: "REMOVE",
  dynamodb: { OldImage, ApproximateCreationDateTime: 1_799_999_000 },
};

const reasonOf = (record: StreamRecord) => sessionEnded(record, store)?.reason;

describe("a session that was removed", () => {
  it.each([
    ["as Lambda spells it", { type: "Service", principalId: "dynamodb.amazonaws.com" }],
    ["as the SDK spells it", { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" }],
  ])("by DynamoDB's time to live has expired, %s", (_, userIdentity) => {
    expect(reasonOf({ ...REMOVE, userIdentity })).toBe("expired");
    expect(reasonOf({ ...REMOVE, userIdentity: { ...userIdentity, type: "User", Type: "User" } })).toBe(
      "destroyed",
    );
  });

  it("before its end was destroyed, and from then on has expired", () => {
    const at = (ApproximateCreationDateTime: number | Date) =>
      reasonOf({ ...REMOVE, dynamodb: { OldImage, ApproximateCreationDateTime } });
    expect(at(1_799_999_998)).toBe("destroyed");
    expect(at(1_800_000_000)).toBe("expired");
    expect(at(new Date(1_800_000_001_000))).toBe("expired");
    expect(reasonOf({ ...REMOVE, dynamodb: { OldImage } })).toBe("destroyed");
  });

  it("is told apart from every other record", () => {
    expect(sessionEnded({ ...REMOVE, eventName: "MODIFY" }, store)).toBeUndefined();
    expect(sessionEnded({ ...REMOVE, eventName: "INSERT" }, store)).toBeUndefined();
    expect(sessionEnded({ eventName: "REMOVE", dynamodb: {} }, store)).toBeUndefined();
    const { sess: _, ...stub } = OldImage;
    for (const image of [
      stub,
      { ...OldImage, sk: { S: "other" } },
      { ...OldImage, idHash: { S: "sha256" } },
      { ...OldImage, pk: { S: "order#1" }, sk: { S: "order#1" } },
      { ...OldImage, pk: { B: "bytes" } },
    ])
      expect(sessionEnded({ ...REMOVE, dynamodb: { OldImage: image } }, store)).toBeUndefined();
  });

  it("whose end cannot be read was destroyed, or expired by time to live", () => {
    const broken = { ...REMOVE, dynamodb: { OldImage: { ...OldImage, until: { S: "soon" } } } };
    expect(reasonOf(broken)).toBe("destroyed");
    const userIdentity = { type: "Service", principalId: "dynamodb.amazonaws.com" };
    expect(reasonOf({ ...broken, userIdentity })).toBe("expired");
  });

  it("is not told without a table", () => {
    expect(() => sessionEnded(REMOVE, { table: { name: "" } })).toThrow("table.name");
  });

  it("whose data is in bytes, as Lambda and the SDK give them, is one", () => {
    for (const B of ["AQI=", new Uint8Array([1, 2])])
      expect(
        sessionEnded({ ...REMOVE, dynamodb: { OldImage: { ...OldImage, sess: { B } } } }, store),
      ).toMatchObject({
        id: "visitor-0123456789",
      });
  });
});
