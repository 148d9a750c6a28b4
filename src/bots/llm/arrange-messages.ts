import type { PromptMessage } from "../bot.ts";

/**
 * The prompt as a provider accepts it. Most take it as it is. Some take system messages only before the conversation
 * and insist that a user speaks first and last: there, earlier system messages move to the front in their order, and
 * an instruction at the end is asked in the user's place.
 */
export function arrangeMessages(prompt: readonly PromptMessage[], systemFirst: boolean): PromptMessage[] {
  // Providers refuse messages without text.
  const messages = prompt.filter(({ content }) => content.trim() !== "");
  if (!systemFirst) return messages;

  const end = messages.findLastIndex(({ role }) => role !== "system") + 1;
  const earlier = messages.slice(0, end);
  const instructions = end === 0 ? messages.slice(-1) : messages.slice(end);
  const standing = end === 0 ? messages.slice(0, -1) : earlier.filter(({ role }) => role === "system");
  const conversation = [
    ...earlier.filter(({ role }) => role !== "system"),
    ...instructions.map(({ content }): PromptMessage => ({ role: "user", content })),
  ];
  // A bot that was told to open the conversation spoke first.
  const opening: PromptMessage[] =
    conversation[0]?.role === "assistant"
      ? [{ role: "user", content: "(The assistant opens the conversation.)" }]
      : [];
  return [...standing, ...opening, ...conversation];
}
