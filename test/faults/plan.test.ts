// Which faults strike: by the seed alone, each kind in its turn, and only what it can strike.
import { describe, expect, it } from "vitest";
import { KINDS } from "./kinds.js";
import { LateCreations } from "./late-creations.js";
import { FaultPlan } from "./plan.js";

const REQUESTS = ["GetItem", "BatchGetItem", "UpdateItem", "DeleteItem"];

async function struck(plan: FaultPlan, requests: number): Promise<unknown[]> {
  const attempt = { call: "a", number: 1 };
  const answers: unknown[] = [];
  for (let i = 0; i < requests; i++) answers.push(await plan.decide(String(REQUESTS[i % 4]), {}, attempt));
  return answers;
}

function begun(seed: number, kinds = KINDS): FaultPlan {
  const plan = new FaultPlan(kinds, seed);
  plan.begin();
  return plan;
}

describe("the faults of a run", () => {
  it("are the same by the same seed, and others by another", async () => {
    const names = async (seed: number) => {
      const plan = begun(seed);
      await struck(plan, 500);
      return [...plan.injected];
    };
    expect(await names(1)).toEqual(await names(1));
    expect(await names(1)).not.toEqual(await names(2));
  });

  it("are of every kind, and of none before it begins or after it ends", async () => {
    const plan = new FaultPlan(KINDS, 1);
    await struck(plan, 100);
    expect(plan.injected.size).toBe(0);
    plan.begin();
    await struck(plan, 1000);
    expect(plan.injected.size).toBe(KINDS.length);
    const before = [...plan.injected];
    plan.end();
    await struck(plan, 100);
    expect([...plan.injected]).toEqual(before);
  });

  it.each(KINDS)("strike as often as they are to: $name", async (kind) => {
    const plan = begun(1, [kind]);
    const answers = await struck(plan, 2000);
    const able = REQUESTS.filter(
      (action) => kind.strikes?.({ action, body: {}, attempt: { call: "a", number: 1 } }) ?? true,
    );
    const share = answers.filter((answer) => answer !== undefined).length / (500 * able.length);
    expect(share).toBeGreaterThan(kind.rate * 0.7);
    expect(share).toBeLessThan(kind.rate * 1.3);
    const elsewhere = answers.filter((answer, i) => answer && !able.includes(String(REQUESTS[i % 4])));
    expect(elsewhere).toEqual([]);
  });
});

it("a session that a late creation makes once more after its destroy is judged no further; one that a new creation makes is", () => {
  const late = new LateCreations();
  const of = (id: string) => ({ Key: { pk: { S: `session-store#${id}` } } });
  const creation = (id: string) => ({ ...of(id), ConditionExpression: "attribute_not_exists(#sess)" });
  const come = (body: object, call: string) => {
    late.arrives(body, call);
    return body;
  };
  const ids = ["a", "b", "c", "d"];
  const delayed = come(creation("a"), "delayed");
  for (const id of ids) late.see("UpdateItem", come(creation(id), `first of ${id}`));
  // The removal of `d` is carried out as well, and its answer comes last.
  for (const id of ["a", "b", "c"]) late.see("DeleteItem", of(id));
  late.see("UpdateItem", come(creation("b"), "made anew"));
  late.see("UpdateItem", come({ ...of("a"), ConditionExpression: "#rev = :read_rev" }, "a save"));
  expect([...late.ids]).toEqual([]);
  late.see("UpdateItem", delayed);
  late.see("UpdateItem", come(creation("c"), "first of c"));
  late.see("UpdateItem", come(creation("d"), "first of d"));
  expect([...late.ids]).toEqual(["a", "c", "d"]);
});
