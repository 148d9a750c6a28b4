import type { SlackApp } from "./app.ts";
import type { Conversation } from "./conversation.ts";
import { personId } from "./ids.ts";

export function nameOf(app: SlackApp, id: string): string {
  return id === app.ids.user ? "Causeway" : (app.people.get(id) ?? id);
}

/** The person who acts. A direct conversation has only one. */
export function personOf({ people }: SlackApp, conversation: Conversation, from: string | null): string {
  const { isDirect, title } = conversation;
  const [first] = people.keys();
  const id = isDirect
    ? `U${conversation.id.slice(1)}`
    : from === null
      ? (first ?? personId("ada"))
      : personId(from);
  const isName = isDirect ? title !== "Direct message" : from !== null && from !== id;
  const name = isName ? (isDirect ? title : (from ?? "")) : "Ada";
  if (!people.has(id)) people.set(id, name);
  return id;
}
