// Objects as YAML, as far as CloudFormation's templates need it: maps, lists, text, numbers and booleans.

/** Writes a value as the lines of a YAML document. */
export function yamlOf(value: unknown): string {
  return `${linesOf(value).join("\n")}\n`;
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => beneath("- ", linesOf(item)));
  if (typeof value !== "object" || value === null) return [scalar(value)];
  return Object.entries(value).flatMap(([name, field]) => {
    const lines = linesOf(field);
    if (typeof field !== "object") return [`${scalar(name)}: ${lines.join("")}`];
    return [`${scalar(name)}:`, ...lines.map((line) => `  ${line}`)];
  });
}

function beneath(mark: string, [first = "", ...rest]: readonly string[]): string[] {
  return [mark + first, ...rest.map((line) => " ".repeat(mark.length) + line)];
}

// What has another meaning in YAML, such as no or 2012-10-17, is written as JSON, which is YAML as well.
const PLAIN = /^(?!(true|false|yes|no|on|off|null|y|n)$)[a-z][\w.]*(::?[a-z][\w.]*)*$/i;

function scalar(value: unknown): string {
  return typeof value === "string" && PLAIN.test(value) ? value : JSON.stringify(value);
}
