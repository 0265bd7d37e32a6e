// What a piece of work leaves unhandled in this process.

/** What the process was told of failures that nobody handled while `work` ran. */
export interface Unhandled {
  readonly exceptions: unknown[];
  readonly rejections: unknown[];
}

/** Runs `work`, and some turns of the event loop after it, listening in the test runner's place. */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<Unhandled> {
  const exceptions: unknown[] = [];
  const rejections: unknown[] = [];
  const restore = [
    instead("uncaughtException", (error) => exceptions.push(error)),
    instead("unhandledRejection", (error) => rejections.push(error)),
  ];
  try {
    await work();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    for (const back of restore) back();
  }
  return { exceptions, rejections };
}

function instead(event: string, listener: (error: unknown) => void): () => void {
  const others = process.rawListeners(event) as ((error: unknown) => void)[];
  process.removeAllListeners(event);
  process.on(event, listener);
  return () => {
    process.removeListener(event, listener);
    for (const other of others) process.on(event, other);
  };
}
