// Lines of a shell, as far as the documentation has them: the commands in them, each as its words.

/** The commands in a block of lines, with what is quoted as one word; variables stay as they are. */
export function commandsIn(code: string): string[][] {
  const lines = code.replaceAll(/\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => commandsOf(line.trim())).filter((words) => words.length > 0);
}

function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  // What is quoted, what parts commands or takes their output, a comment, or a word.
  for (const [token] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'#|;&>]|(?<=\S)#)+|&&|[|;>]|#.*$/g)) {
    if (token.startsWith("#")) break;
    if (/^(&&|[|;])$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replaceAll(/["']/g, ""));
  }
  return commands.map(withoutOutput);
}

/** Without `> file`, and the variables that are set before a command. */
function withoutOutput(words: readonly string[]): string[] {
  const end = words.indexOf(">");
  const own = end < 0 ? words : words.slice(0, end);
  const first = own.findIndex((word) => !/^[A-Z_]+=/.test(word));
  return first < 0 ? [] : own.slice(first);
}
