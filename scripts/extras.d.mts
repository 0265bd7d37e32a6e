/** Where an extra of `extras.mjs` lies. */
export function extraFolder(name: string): string;
