// The control of a process of test applications: starts one, answers the suite's questions about it, sets the clock.
// Only these applications have one. It knows no server: a runtime hands it the text of a request.
import type { Served } from "../../conformance/driver.js";
import { makeLab } from "../../conformance/lab.js";
import type { Lab, Question } from "../../conformance/protocol.js";
import type { Asked, Told } from "../protocol.js";
import { setClock } from "./clock.js";

/** Starts a door's application. */
export type Start = (lab: Lab) => Promise<Served>;

/** Answers the text of a command, by the applications that can be started here. */
export function control(doors: Readonly<Record<string, Start>>): (command: string) => Promise<string> {
  const running = new Map<number, { served: Served; answer: (question: Question) => Told["seen"] }>();

  async function carryOut({ now, command }: Asked): Promise<Told> {
    setClock(now);
    if (command.do === "start") {
      const start = doors[command.door];
      if (start === undefined) throw new Error(`there is no application for ${command.door}`);
      const { lab, answer } = makeLab(command.settings);
      const served = await start(lab);
      const app = running.size;
      running.set(app, { served, answer });
      return { app, origin: served.origin, agent: agent() };
    }
    const known = running.get(command.app);
    if (known === undefined) throw new Error(`there is no application ${command.app}`);
    if (command.do === "ask") return { seen: known.answer(command.question) };
    await known.served.close();
    return {};
  }

  return async (text) => {
    try {
      return JSON.stringify(await carryOut(JSON.parse(text)));
    } catch (error) {
      const problem: Told = { problem: error instanceof Error ? String(error.stack) : String(error) };
      return JSON.stringify(problem);
    }
  };
}

function agent(): string {
  // Node 20 has no `navigator`.
  return typeof navigator === "undefined" ? `Node.js/${process.versions.node}` : navigator.userAgent;
}
