// Alternating rounds, and what is said of them: whatever the machine does meanwhile, it does to every contestant, and
// figures are compared with those of the same round alone.

/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} lowest
 * @property {number} highest
 * @property {number} rounds
 */

/**
 * Measures each contestant once in every round; every other round in the opposite order, so that none always comes
 * after the same one.
 *
 * @template Contestant, Figure
 * @param {readonly Contestant[]} contestants
 * @param {number} rounds
 * @param {(contestant: Contestant, round: number) => Promise<Figure>} measure
 * @returns {Promise<Map<Contestant, Figure[]>>} by contestant, its figures in the order of the rounds
 */
export async function alternate(contestants, rounds, measure) {
  const figures = new Map(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const contestant of order) figures.get(contestant).push(await measure(contestant, round));
  }
  return figures;
}

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spreadOf(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2,
    lowest: sorted[0],
    highest: sorted.at(-1),
    rounds: sorted.length,
  };
}

/**
 * The ratios of figures that were measured in the same rounds.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 */
export function ratioOf(ours, theirs) {
  return spreadOf(ours.map((figure, round) => figure / theirs[round]));
}

/**
 * A spread in words: `0.45 (0.43 to 0.48)`.
 *
 * @param {Spread} spread
 */
export function showSpread({ median, lowest, highest, rounds }) {
  const shown = [median, lowest, highest].map(showNumber);
  return rounds === 1 ? shown[0] : `${shown[0]} (${shown[1]} to ${shown[2]})`;
}

/**
 * A number with as many digits as mean something.
 *
 * @param {number} value
 */
export function showNumber(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
