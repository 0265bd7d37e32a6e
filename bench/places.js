// Documents of which a part is written by a benchmark: each such part has a name, and stands between two comments.

/**
 * The document with `content` in the place of that name.
 *
 * @param {string} document
 * @param {string} name
 * @param {string} content
 */
export function inPlace(document, name, content) {
  const [begin, end] = [`<!-- table: ${name} -->\n\n`, `\n\n<!-- end: ${name} -->`];
  const [before, rest] = document.split(begin);
  const [, after] = (rest ?? "").split(end);
  if (after === undefined) throw new Error(`the document has no place for the table "${name}"`);
  return before + begin + content + end + after;
}
