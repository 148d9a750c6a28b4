/** One event in the history of a message, in words. */
export interface Fact {
  at: Date;
  what: string;
  /** The reason for the event, or for its delay. Null if it is obvious. */
  why: string | null;
  /** The object that the event concerns. */
  about: {
    type: "message" | "execution" | "delivery" | "event" | "attachment" | "access_request";
    id: string;
  };
}

/** Formats a duration for people: `340 ms`, `2.4 s`, `3 min`. */
export function durationInWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 100 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

export const between = (from: Date, to: Date): number => to.getTime() - from.getTime();

/** Formats a count: `1 try`, `3 tries`. */
export const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** A text as it continues a sentence. */
export const uncapitalized = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** Formats a recorded reason as a sentence. */
export function sentence(reason: string): string {
  const capitalized = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
  return /[.!?]$/.test(capitalized) ? capitalized : `${capitalized}.`;
}
