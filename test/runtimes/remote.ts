// Applications in a process of another runtime, or of another Node: starts the process, and reaches its applications as
// the conformance suite does those of its own.
import { inject } from "vitest";
import type { Runtime } from "../../scripts/runtimes.mjs";
import type { Place } from "../conformance/place.js";
import { DEPENDENCIES, makeConsumer } from "../packaging/consumer.js";
import { startProgram } from "../support/program.js";
import type { Asked, Ready, Told } from "./protocol.js";

const FRAMEWORKS = [
  ...["express", "express-session", "fastify", "@fastify/cookie", "@fastify/session"],
  ...["koa", "koa-session", "hono", "@hono/node-server"],
];

/** A process of test applications. */
export interface Remote {
  readonly place: Pick<Place, "start">;
  /** Stops the process where it stands, as one that nobody gives time; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** How a runtime's process is started, in a project of its own that has the packed package and the frameworks. */
export type Launch = (folder: string) => Promise<Launched>;

export interface Launched {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** Where its control listens, by the first line that it prints; by default that is a {@link Ready}. */
  readonly readyAt?: (line: string) => { readonly control: string; readonly pid?: number };
}

export async function startRemote(runtime: Runtime, launch: Launch): Promise<Remote> {
  const project = await makeConsumer(inject("tarball"), [...DEPENDENCIES, ...FRAMEWORKS]);
  const {
    command,
    args,
    env,
    readyAt = announced,
  } = await launch(project.folder).catch(async (error) => {
    await project.remove();
    throw error;
  });
  const program = await startProgram({ command, args, env, readyAt, cwd: project.folder }).catch(
    async (error) => {
      await project.remove();
      throw error;
    },
  );
  const { control, pid } = program.ready;
  const stop = async () => {
    await program.stop();
    await project.remove();
  };

  async function tell(command: Asked["command"]): Promise<Told> {
    const asked: Asked = { now: Date.now(), command };
    const response = await fetch(control, { method: "POST", body: JSON.stringify(asked) });
    const told: Told = await response.json();
    if (told.problem !== undefined) throw new Error(told.problem);
    return told;
  }

  return {
    place: {
      async start({ name }, settings) {
        const { app, origin, agent } = await tell({ do: "start", door: name, settings });
        if (app === undefined || origin === undefined) throw new Error(`${name} was not started`);
        if (!agent?.startsWith(runtime.agent))
          throw new Error(`${runtime.title} was asked for, not ${agent}`);
        return {
          // An application may have a path of its own where its process has one server.
          origin: new URL(origin, control).href.replace(/\/$/, ""),
          async ask(question) {
            const { seen } = await tell({ do: "ask", app, question });
            if (seen === undefined) throw new Error(`${name} did not say what it has seen`);
            return seen;
          },
          async close() {
            await tell({ do: "close", app });
          },
        };
      },
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    stop,
  };

  function signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (pid === undefined) throw new Error(`the process of ${runtime.title} is not known`);
    process.kill(pid, name);
  }
}

function announced(line: string): Ready {
  return JSON.parse(line);
}
