// Bytes one after the other, and as text.
import { expect, it } from "vitest";
import { joined, toBase64Url } from "../../src/core/bytes.js";

it("are joined in their order", () => {
  expect(joined([new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3])])).toEqual(
    new Uint8Array([1, 2, 3]),
  );
  expect(joined([])).toEqual(new Uint8Array(0));
});

it.each([
  { bytes: [], text: "" },
  { bytes: [0xfb, 0xff, 0xfe], text: "-__-" },
  { bytes: [0xfb, 0xef, 0xbe, 0xfb, 0xef, 0xbe], text: "--------" },
  { bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], text: "________" },
  { bytes: [102], text: "Zg" },
  { bytes: [102, 111], text: "Zm8" },
])("are base64url as text, without padding: $text", ({ bytes, text }) => {
  expect(toBase64Url(new Uint8Array(bytes))).toBe(text);
});
