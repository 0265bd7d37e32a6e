// How the frameworks sign a cookie, for the suite to say ids that no application would give out.
import { createHmac } from "node:crypto";
import { SECRET } from "../protocol.js";

export function signatureOf(
  text: string,
  encoding: "base64" | "base64url" = "base64",
  algorithm: "sha256" | "sha1" = "sha256",
): string {
  return createHmac(algorithm, SECRET).update(text).digest(encoding);
}

/** As most of them have it: without the padding. */
export function unpadded(signature: string): string {
  return signature.replace(/=+$/, "");
}
