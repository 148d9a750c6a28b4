import { useRef, useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { wordsOf } from "../server/call.ts";
import type { Conversation } from "./conversation.ts";
import { loadConversation, loadMore, withMore } from "./load-conversation.ts";

const EVERY_MS = 2_000;

/**
 * A conversation, live.
 * @param at the `seq` of a message that a link leads to; null: the newest messages.
 */
export function useConversation(id: string, at: number | null) {
  const place = `${id} ${at ?? ""}`;
  const held = useRef<{ place: string; conversation: Conversation | null }>({ place, conversation: null });
  const [, redraw] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  if (held.current.place !== place) {
    const { conversation } = held.current;
    // A link within the part that is shown already only moves there.
    const isShown = conversation?.session.id === id && hasSeq(conversation, at);
    held.current = { place, conversation: isShown ? conversation : null };
  }

  const live = useLive(
    place,
    async (signal) => {
      const before = held.current;
      const now = await loadConversation(id, { known: before.conversation, at }, signal);
      // More messages may have been added meanwhile. Then the next load gets the new ones.
      if (held.current === before) held.current = { place, conversation: now };
      return held.current.conversation;
    },
    EVERY_MS,
    id,
  );

  async function load(side: "earlier" | "later"): Promise<void> {
    const before = held.current.conversation;
    if (before === null) return;
    try {
      const page = await loadMore(before, side, new AbortController().signal);
      const now = held.current.conversation;
      if (now === null || held.current.place !== place) return;
      held.current = { place, conversation: withMore(now, page, side) };
      setFailure(null);
      redraw((count) => count + 1);
    } catch (error) {
      setFailure(wordsOf(error));
    }
  }

  return { conversation: held.current.conversation, failure: live.failure ?? failure, load };
}

function hasSeq({ messages, hasLater }: Conversation, at: number | null): boolean {
  return at === null ? !hasLater : messages.some(({ seq }) => seq === at);
}
