// Where DynamoDB Local lies and whether this machine can run it. Asked by the test command, by the tests' emulators and
// by the continuous integration script, so that they agree.
import { spawnSync } from "node:child_process";
import { EXTRAS, extraFolder, isWhole } from "./extras.mjs";

/** The oldest Java that runs DynamoDB Local 1.25. */
const JAVA_NEEDED = 17;

export const dynamoDbLocalFolder = extraFolder("dynamodb-local");

/** Why DynamoDB Local cannot run here, or undefined where it can. */
export function dynamoDbLocalProblem() {
  const extra = EXTRAS.find(({ name }) => name === "dynamodb-local");
  if (!isWhole(extra)) return `${extra.title} is not in .extras (npm run fetch brings it)`;
  return javaProblem();
}

/** Why the Java on the PATH will not do, or undefined where it will. */
export function javaProblem() {
  // Java prints its version to the standard error stream.
  const { status, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (status !== 0) return `no Java on the PATH (${JAVA_NEEDED} or newer is needed)`;
  const version = /version "(\d+)/.exec(stderr)?.[1];
  if (version === undefined) return `java -version printed no version: ${stderr.trim()}`;
  // "1.8.0" is Java 8: its first number is below every version that will do, as it should be.
  if (Number(version) < JAVA_NEEDED) return `Java ${version} is too old (${JAVA_NEEDED} or newer is needed)`;
  return undefined;
}
