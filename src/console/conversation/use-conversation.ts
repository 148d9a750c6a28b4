import { useRef, useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { wordsOf } from "../server/call.ts";
import type { Conversation } from "./conversation.ts";
import { loadConversation, withEarlier } from "./load-conversation.ts";

const EVERY_MS = 2_000;

/** A conversation, live. */
export function useConversation(id: string) {
  const held = useRef<Conversation | null>(null);
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  if (held.current !== null && held.current.session.id !== id) held.current = null;

  const live = useLive(
    id,
    async (signal) => {
      const before = held.current;
      const now = await loadConversation(id, before, signal);
      const isSame = held.current === before;
      // Earlier messages may have been added meanwhile. Then the next look brings the new ones.
      if (isSame) held.current = now;
      return held.current;
    },
    EVERY_MS,
    id,
  );

  async function loadEarlier(): Promise<void> {
    const before = held.current;
    if (before === null) return;
    try {
      const more = await withEarlier(before, new AbortController().signal);
      const now = held.current;
      if (now?.session.id !== id) return;
      const first = now.messages[0]?.seq ?? 0;
      const earlier = more.messages.filter(({ seq }) => seq < first);
      held.current = { ...now, messages: [...earlier, ...now.messages], hasEarlier: more.hasEarlier };
      setFailure(null);
      redraw((count) => count + 1);
    } catch (error) {
      setFailure(wordsOf(error));
    }
  }

  return {
    conversation: held.current,
    failure: live.failure ?? failure,
    loadEarlier,
    refresh: live.refresh,
  };
}
