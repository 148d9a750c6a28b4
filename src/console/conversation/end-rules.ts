/** Tells if a definition has event rules for the end of a session over the API. */
export function endRules(definition: Record<string, unknown>): boolean {
  const events: unknown = definition["events"];
  return (
    Array.isArray(events) &&
    events.some((rule: { on?: unknown }) => rule.on === "session_ended" || rule.on === "session_ended.api")
  );
}

/** The description of how conversations with an agent begin. Empty if there is none. */
export function seedOf(definition: Record<string, unknown>): string {
  const seed = definition["seedMessage"];
  return typeof seed === "string" ? seed : "";
}
