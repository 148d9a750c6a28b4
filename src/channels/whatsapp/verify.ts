import { isSame } from "../webhook-request.ts";

/** Whether a signature is one of those expected. Takes one time whatever was sent. */
export function isOneOf(expected: readonly string[], given: string): boolean {
  // Every candidate is looked at, so that the time does not tell which one was close.
  return expected.filter((candidate) => isSame(candidate, given)).length > 0;
}
