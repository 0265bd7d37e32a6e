// What is put into a session, and is to come back: every kind of value that JSON has.

export const VALUES: Record<string, unknown> = {
  text: "tea",
  "an empty text": "",
  "text of many scripts": 'naïve 茶 🍵 \u2028 " \\ \n',
  "a number": -12.5,
  zero: 0,
  "a large number": 9_007_199_254_740_991,
  yes: true,
  no: false,
  nothing: null,
  "an empty list": [],
  "an empty object": {},
  "a list of everything": [1, "", null, false, [], {}, [[1]]],
  "a nested object": { cart: { "sku-1": { quantity: 2, tags: ["a", "b"] } } },
  "a deep object": Array.from({ length: 28 }).reduce((below) => ({ below }), 1),
  "field names of any kind": { "": 0, "a.b": 1, "#c": 2, ":d": 3, "with space": 4, 茶: 5 },
};
