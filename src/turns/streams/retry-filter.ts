import { attemptOf, startOfAttempt, type TurnEvent } from "../../core/session/turn-log.ts";

type Told = { content: string; thinking: string };

/**
 * Filters the events for a follower when a turn is tried again. This happens if its process died, or if another message
 * joins the answer. A retry with the same text continues where the earlier attempt broke off. If the retry produces
 * different text, followers get only the final event, which carries the full text. Shown text cannot be taken back, and
 * a mix of two texts would be wrong.
 *
 * @param afterId the last event that the follower had seen.
 */
export function createRetryFilter(afterId: number): (event: TurnEvent) => TurnEvent | null {
  let current = attemptOf(afterId);
  let isBegun = afterId > 0;
  // A returning follower knows text that is unknown here, unless the follower had seen only the first event.
  const told: Told | null = afterId - startOfAttempt(current) > 1 ? null : { content: "", thinking: "" };
  /** The text of the retry, as far as it repeats the earlier text. */
  let again: Told | null = null;
  let strayed = { content: false, thinking: false };

  return function tell(event) {
    if (event.type === "done" || event.type === "error") return event;
    if (attemptOf(event.id) !== current) {
      current = attemptOf(event.id);
      again = { content: "", thinking: "" };
      strayed = { content: told === null, thinking: told === null };
    }
    if (event.type === "execution") {
      if (isBegun) return null;
      isBegun = true;
      return event;
    }
    if (event.type !== "content" && event.type !== "thinking") return strayed.content ? null : event;
    if (strayed[event.type]) return null;
    const text = String(event.data.content ?? "");
    if (again === null || told === null) {
      if (told) told[event.type] += text;
      return event;
    }
    again[event.type] += text;
    const [known, said] = [told[event.type], again[event.type]];
    strayed[event.type] = !(said.length > known.length ? said.startsWith(known) : known.startsWith(said));
    if (strayed[event.type] || said.length <= known.length) return null;
    told[event.type] = said;
    return { ...event, data: { content: said.slice(known.length) } };
  };
}
