import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "./context.ts";

/** The draft, kept per chat while the page is open. The draft of the open chat is kept as long as the tab. */
export function useDraft(place: string): [string, (text: string) => void] {
  const { conversation } = useView();
  const drafts = useRef(new Map<string, string>());
  const [, redraw] = useState(0);
  useEffect(() => () => drafts.current.clear(), []);
  const set = (text: string) => {
    drafts.current.set(place, text);
    conversation.keepDraft(text);
    redraw((count) => count + 1);
  };
  return [drafts.current.get(place) ?? conversation.keptDraft(), set];
}
