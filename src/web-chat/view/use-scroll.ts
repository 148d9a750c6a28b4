import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Distance to the end that counts as being there, pixels. */
const NEAR = 48;

/** The shown chat, and whether it is still loading. */
interface Shown {
  place: string;
  loading: boolean;
}

/**
 * Keeps the newest message in view while the reader is at the end. It does not move a reader who is further up, even
 * when the reader comes back to a chat.
 */
export function useScroll(pane: RefObject<HTMLElement | null>, shown: Shown, onReached: () => void) {
  const { place, loading } = shown;
  const atEnd = useRef(true);
  /** The positions of readers further up, by chat. */
  const left = useRef(new Map<string, number>());
  /** The chat that is fully shown. Scroll events tell nothing about the position in another chat. */
  const settled = useRef<string | null>(null);
  const height = useRef(0);
  const now = useRef(place);
  now.current = place;
  const [hasNew, setHasNew] = useState(false);

  function toEnd(): void {
    const node = pane.current;
    if (!node) return;
    atEnd.current = true;
    node.scrollTop = node.scrollHeight;
    setHasNew(false);
  }

  useLayoutEffect(() => {
    const node = pane.current;
    if (!node) return;
    if (settled.current !== place) {
      if (loading) return;
      settled.current = place;
      const top = left.current.get(place);
      atEnd.current = top === undefined;
      if (top !== undefined) node.scrollTop = top;
      height.current = node.scrollHeight;
      setHasNew(false);
    }
    const grown = node.scrollHeight - height.current;
    const wasAtTop = node.scrollTop < NEAR;
    height.current = node.scrollHeight;
    if (atEnd.current) toEnd();
    // Earlier messages were added above. The reader's text stays at its place.
    else if (grown > 0 && wasAtTop) node.scrollTop += grown;
    else if (grown > 0) setHasNew(true);
  }, [shown]);

  useEffect(() => {
    const node = pane.current;
    if (!node) return;
    const onScroll = () => {
      if (settled.current !== now.current) return;
      atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
      if (!atEnd.current) left.current.set(now.current, node.scrollTop);
      else left.current.delete(now.current);
      if (!atEnd.current) return;
      setHasNew(false);
      onReached();
    };
    node.addEventListener("scroll", onScroll, { passive: true });
    // An opening keyboard makes the pane smaller, and a loaded picture makes its content taller.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd();
    });
    observer.observe(node);
    if (node.firstElementChild) observer.observe(node.firstElementChild);
    return () => {
      node.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, []);

  return { hasNew, toEnd, isAtEnd: () => atEnd.current };
}
