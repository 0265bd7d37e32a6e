// Types of dynamodb-local.mjs, for the tests' emulators.
export const dynamoDbLocalFolder: string;
export function dynamoDbLocalProblem(): string | undefined;
export function javaProblem(): string | undefined;
