/** A place to write to: a chat, or one topic of a forum. */
export interface TelegramPlace {
  chatId: number;
  threadId: number | null;
}

/** `12345`, `-100987`, or `-100987:17` for a topic. */
export function toAddress(place: TelegramPlace): string {
  return place.threadId === null ? String(place.chatId) : `${place.chatId}:${place.threadId}`;
}

/** The inverse of `toAddress`; null for anything else (an operator may have typed it). */
export function parseAddress(address: string): TelegramPlace | null {
  const [, chat, thread] = /^(-?\d{1,16})(?::(\d{1,16}))?$/.exec(address) ?? [];
  if (chat === undefined) return null;
  return { chatId: Number(chat), threadId: thread === undefined ? null : Number(thread) };
}

/** What names the topic in a call. */
export function threadOf(place: TelegramPlace): { message_thread_id?: number } {
  return place.threadId === null ? {} : { message_thread_id: place.threadId };
}
