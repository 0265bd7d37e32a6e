// The fields of a form, which Koa leaves to packages.
const LARGEST_FORM = 4096;

/**
 * @param {import("koa").Context} ctx
 * @returns {Promise<Record<string, string>>}
 */
export async function formOf(ctx) {
  const chunks = [];
  let bytes = 0;
  // Read to its end also when it is too large, so that the visitor sees the answer.
  for await (const chunk of ctx.req) {
    bytes += chunk.length;
    if (bytes <= LARGEST_FORM) chunks.push(chunk);
  }
  if (bytes > LARGEST_FORM) ctx.throw(413, "That is too large.");
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
}
