// `show`: one session by its id.
import { findSession, type ListedSession } from "../../admin/index.js";
import { type CommandDefinition, EXIT } from "../command.js";
import { orStopped } from "../failures.js";
import { bytes, duration, moment, pairs } from "../format.js";
import { oneLine, visible } from "../output.js";

interface ShowFlags {
  readonly data?: boolean;
}

export const show: CommandDefinition<ShowFlags> = {
  name: "show",
  summary: "show one session, live or over",
  examples: [
    "session-store show Xb4kq8Zr0v3nYw1mT6sLcPuEoJdHgAfI --table sessions",
    "session-store show --table sessions --data -- -XYZ3kq8Zr0v3nYw1mT6sLcPuEoJdHgAf",
  ],
  configure(command) {
    command
      .argument(
        "<id>",
        "the session's whole id, as it stands in its cookie; behind -- where it begins with -",
      )
      .option("--data", "show what the application keeps in it, and not only the names of the fields");
  },
  async run({ output, store, signal }, { data: showsData = false }, id = "") {
    const session = await orStopped(signal, findSession(store, id));
    if (session === undefined) {
      output.note("there is no session of this id");
      output.printJson(null);
      return EXIT.failed;
    }
    const { data = {}, id: _, ...rest } = session;
    const fields = Object.keys(data);
    output.printJson(showsData ? { ...rest, fields, data } : { ...rest, fields });
    output.print(
      pairs(factsOf(session, (store.now ?? Date.now)()).map(([name, value]) => [name, oneLine(value)])),
    );
    if (showsData) output.print(visible(JSON.stringify(data, undefined, 2)));
    return EXIT.done;
  },
};

function factsOf(session: ListedSession, now: number): (readonly [string, string])[] {
  const { shortId, created, updated, endsAt, isExpired, owner, place, data = {} } = session;
  const ago = (time: number | undefined) =>
    time === undefined
      ? "unknown: another package wrote it"
      : `${moment(time)}, ${duration(Math.max(0, now - time) / 1000)} ago`;
  return [
    ["session", shortId],
    ["began", ago(created)],
    ["last kept alive", ago(updated)],
    isExpired || endsAt === undefined
      ? ["ended", endsAt === undefined ? "nobody wrote when: it is over" : ago(endsAt)]
      : ["ends", `${moment(endsAt)}, in ${duration((endsAt - now) / 1000)}`],
    ["owner", owner === undefined ? "nobody" : `${owner} (the hash of the name)`],
    ["place", place === 0 ? "the table" : `previous[${place - 1}]`],
    ["size", bytes(session.bytes ?? 0)],
    ["fields", Object.keys(data).join(", ") || "none"],
  ];
}
