// The entry `@cyclic.sh/session-store/codecs`: what session data can go through before it is stored. Nobody
// loads a cipher or a compressor who does not ask for one here.
export { type CompressOptions, compress } from "./compress.js";
export { type SealOptions, seal } from "./seal.js";
