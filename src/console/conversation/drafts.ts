/** Unsent words, by conversation. They live as long as the page, and are stored nowhere. */
const words = new Map<string, string>();

export const draftOf = (sessionId: string): string => words.get(sessionId) ?? "";

export function keepDraft(sessionId: string, text: string): void {
  if (text === "") words.delete(sessionId);
  else words.set(sessionId, text);
}

/** Asks before the page closes with unsent words. */
addEventListener("beforeunload", (event) => {
  if (words.size > 0) event.preventDefault();
});
