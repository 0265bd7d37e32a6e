// What a request does with its session, in whichever framework: each says in its own words what reading, setting and
// saving are.
import type { SessionActions } from "../../conformance/protocol.js";
import type { Answer, Ask, Data, Path } from "../protocol.js";

/** A session as the framework's handlers have it. */
export interface Actions extends Omit<SessionActions, "change" | "setMaxAge"> {
  update(change: (data: Data) => Data): Promise<{ readonly outcome: "saved" | "gone" }>;
}

/** Does what was asked. What the session holds when it is loaded may be old when `isToGoOn` resolves. */
export async function act(ask: Ask, session: Actions, isToGoOn: () => Promise<unknown>): Promise<Answer> {
  const found = { ...(await session.read()) };
  await isToGoOn();
  const put = async (path: Path, value: (before: unknown) => unknown) => {
    const data = await session.read();
    session.set(path[0], withValue(data, path, value(valueAt(data, path)))[path[0]]);
  };
  switch (ask.do) {
    case "set":
      await put(ask.path, () => ask.value);
      break;
    case "set twice":
      await put(ask.paths[0], () => ask.value);
      await session.save();
      await put(ask.paths[1], () => ask.value);
      break;
    case "append":
      await put(ask.path, (list) => [...(Array.isArray(list) ? list : []), ask.value]);
      break;
    case "remove":
      if (ask.path.length === 1) session.unset(ask.path[0]);
      else await put(ask.path, () => undefined);
      break;
    case "count": {
      const { path } = ask;
      const addOne = (data: Data) => withValue(data, path, Number(valueAt(data, path) ?? 0) + 1);
      const { outcome } = await session.update(addOne);
      return { found, outcome };
    }
    case "sign in":
      await session.regenerate();
      await put(ask.path, () => ask.value);
      break;
    case "sign out":
      await session.destroy();
      break;
  }
  return { found };
}

export function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isData(inner) ? inner[name] : undefined), data);
}

/** A copy with this value at the path; `undefined` removes what stands there. */
function withValue(data: unknown, [name = "", ...inside]: readonly string[], value: unknown): Data {
  const { [name]: before, ...rest } = isData(data) ? data : {};
  const after = inside.length === 0 ? value : withValue(before, inside, value);
  return after === undefined ? rest : { ...rest, [name]: after };
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a request's header asks for. */
export function askIn(header: string | undefined): Ask {
  return JSON.parse(decodeURIComponent(header ?? ""));
}
