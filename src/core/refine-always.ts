/**
 * For `when` of a schema's refinement: the check runs even if there are other problems. Zod skips refinements while any
 * key is wrong, but people want all problems at once. So the check must accept any input.
 */
export function refineAlways({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}
