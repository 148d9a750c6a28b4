/**
 * For `when` of a schema's refinement: check it beside other problems. Zod keeps refinements back while any key is
 * wrong, but people want everything at once. The check sees whatever was given.
 */
export function refineAlways({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null;
}
