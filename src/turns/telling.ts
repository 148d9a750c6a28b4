import { startOfTry, type TurnEvent, tryOf } from "../core/turn-log.ts";

type Told = { content: string; thinking: string };

/**
 * What somebody who follows an answer still has to be told where it is tried again, because the process that wrote it
 * died or it is answered along with another message. A try that says the same goes on where the one before broke off. Of
 * one that says something else only the end is told, which has the whole of it: text that was told cannot be taken back,
 * and the rest of another text behind it would make neither.
 *
 * @param afterId what they had seen when they began to follow.
 */
export function createTelling(afterId: number): (event: TurnEvent) => TurnEvent | null {
  let current = tryOf(afterId);
  let isBegun = afterId > 0;
  // Somebody who comes back knows text that nobody here does, unless they had seen nothing but the beginning.
  const told: Told | null = afterId - startOfTry(current) > 1 ? null : { content: "", thinking: "" };
  /** What the further try says, as far as that is a repetition. */
  let again: Told | null = null;
  let strayed = { content: false, thinking: false };

  return function tell(event) {
    if (event.type === "done" || event.type === "error") return event;
    if (tryOf(event.id) !== current) {
      current = tryOf(event.id);
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
    const text = String(event.data["content"] ?? "");
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
