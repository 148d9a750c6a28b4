import type { ShownMessage } from "./show-files.ts";

/** Some servers refuse a conversation that begins with the assistant. */
const OPENING: ShownMessage = { role: "user", content: "(The assistant opens the conversation.)" };

/**
 * Arranges the prompt in the only form that every server accepts. One system message comes first, then user and
 * assistant in turns, a user first. Many chat templates refuse a second system message, neighbours of one role, or a
 * conversation without a user. Servers that allow more lose nothing.
 * An instruction at the end becomes a user message. With `systemAsUser`, every system message does.
 */
export function arrangeMessages(
  prompt: readonly ShownMessage[],
  { systemAsUser = false }: { systemAsUser?: boolean } = {},
): ShownMessage[] {
  // Providers refuse messages without text.
  const messages = prompt.filter(({ content }) => content.trim() !== "");
  const end = messages.findLastIndex(({ role }) => role !== "system") + 1;
  // Without a conversation, the newest message is the request.
  const firstInstruction = end === 0 ? Math.max(0, messages.length - 1) : end;
  const standing = messages.filter(({ role }, index) => role === "system" && index < firstInstruction);
  const conversation = messages
    .filter(({ role }, index) => role !== "system" || index >= firstInstruction)
    .map((message) => (message.role === "system" ? asUser(message) : message));
  const opening = conversation[0]?.role === "assistant" ? [OPENING] : [];
  const first = systemAsUser ? standing.map(asUser) : standing;
  return joinNeighbours([...first, ...opening, ...conversation]);
}

function asUser(message: ShownMessage): ShownMessage {
  return { ...message, role: "user" };
}

/** Joins neighbours of one role. They occur after a failed turn, or when several messages are collected in one turn. */
function joinNeighbours(messages: readonly ShownMessage[]): ShownMessage[] {
  const joined: ShownMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role === message.role) joined[joined.length - 1] = join(last, message);
    else joined.push(message);
  }
  return joined;
}

function join(earlier: ShownMessage, later: ShownMessage): ShownMessage {
  const files = [...(earlier.files ?? []), ...(later.files ?? [])];
  return {
    role: later.role,
    content: `${earlier.content}\n\n${later.content}`,
    ...(files.length > 0 && { files }),
  };
}
