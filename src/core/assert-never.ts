/** Fails to compile if a case is missing. `what` names the value in the error. */
export function assertNever(value: never, what: string): never {
  throw new Error(`unhandled ${what}: ${JSON.stringify(value)}`);
}
