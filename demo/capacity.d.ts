// Types of capacity.js, for the tests that count by it.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type Item = Record<string, AttributeValue>;

export function itemBytes(item: Item): number;
export function writeUnits(item: Item | undefined): number;
export function readUnits(item: Item | undefined): number;
