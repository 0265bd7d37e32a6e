// Owners counted in a memory that is bounded.
import { expect, it } from "vitest";
import { OwnerTally } from "../../src/admin/owners.js";

it("more owners than are counted apart are said to be, and those that are stay exact", () => {
  const tally = new OwnerTally(3);
  for (const owner of ["a", "b", "c", "d", "a", "e", "c", "a", undefined]) tally.add(owner);
  expect(tally.survey()).toMatchObject({
    owned: 8,
    nobodys: 1,
    distinct: 3,
    isCut: true,
    top: [
      { owner: "a", sessions: 3 },
      { owner: "c", sessions: 2 },
      { owner: "b", sessions: 1 },
    ],
  });
});

it("no owner is said to be left out while all of them fit", () => {
  const tally = new OwnerTally(2);
  for (const owner of ["a", "b", "a"]) tally.add(owner);
  expect(tally.survey()).toMatchObject({ distinct: 2, isCut: false });
});

it("the ten with the most sessions are named, whenever they were met", () => {
  const tally = new OwnerTally();
  for (let i = 1; i <= 30; i++) for (let n = 0; n < (i * 7) % 31; n++) tally.add(`owner-${i}`);
  const counts = tally.survey().top.map(({ sessions }) => sessions);
  expect(counts).toEqual([30, 29, 28, 27, 26, 25, 24, 23, 22, 21]);
});
