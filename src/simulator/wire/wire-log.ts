import type { PlatformName } from "../connection.ts";

/** A request and its answer. `call`: the bot called the platform. `event`: the platform called the bot. */
export interface WireEntry {
  id: number;
  /** The time by the platform's clock, RFC 3339. */
  at: string;
  platform: PlatformName;
  direction: "call" | "event";
  /** The call or the event in one word, such as `sendMessage`. */
  name: string;
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  /** Null: there is none. With the trouble `cut` or `hang`, the bot never got it. */
  answer: { status: number; headers: Record<string, string>; body: string } | null;
  /** The fault that it met, or the reason why there is no answer. */
  trouble: string | null;
  milliseconds: number;
}

export interface WireLog {
  add(entry: Omit<WireEntry, "id">): void;
  /** Oldest first. */
  all(): WireEntry[];
  clear(): void;
}

const MOST_ENTRIES = 500;
const MOST_CHARACTERS = 16_384;

/** The newest requests in both directions. The oldest entries go first. `hidden` values never appear. */
export function createWireLog(changed: () => void, hidden: readonly string[] = []): WireLog {
  let entries: WireEntry[] = [];
  let lastId = 0;
  const values = hidden.filter((value) => value.length >= 6);
  const shown = (text: string) => {
    const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
    return values.reduce((left, value) => left.replaceAll(value, "(hidden)"), cut);
  };
  const shownHeaders = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shown(value)]));
  return {
    add({ request, answer, ...rest }) {
      const { method, url, headers, body } = request;
      const entry = {
        id: ++lastId,
        ...rest,
        request: { method, url: shown(url), headers: shownHeaders(headers), body: shown(body) },
        answer:
          answer === null
            ? null
            : { ...answer, headers: shownHeaders(answer.headers), body: shown(answer.body) },
      };
      entries = [...entries, entry].slice(-MOST_ENTRIES);
      changed();
    },
    all: () => entries,
    clear() {
      entries = [];
      changed();
    },
  };
}
