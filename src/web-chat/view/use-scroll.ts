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
  /** The newest callback, because the pane is watched with the first one. */
  const reached = useRef(onReached);
  reached.current = onReached;
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

  function onScroll(node: HTMLElement): void {
    if (settled.current !== now.current) return;
    atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    if (!atEnd.current) {
      left.current.set(now.current, node.scrollTop);
      return;
    }
    left.current.delete(now.current);
    setHasNew(false);
    reached.current();
  }

  useEffect(
    () =>
      watch(pane.current, onScroll, () => {
        if (atEnd.current) toEnd();
      }),
    [],
  );

  return { hasNew, toEnd, isAtEnd: () => atEnd.current };
}

/** Watches the position and the size of a pane and of its content. Returns the end of it. */
function watch(node: HTMLElement | null, onScroll: (node: HTMLElement) => void, onResize: () => void) {
  if (!node) return;
  const listen = () => onScroll(node);
  node.addEventListener("scroll", listen, { passive: true });
  // An opening keyboard makes the pane smaller, and a loaded picture makes its content taller.
  const observer = new ResizeObserver(onResize);
  observer.observe(node);
  if (node.firstElementChild) observer.observe(node.firstElementChild);
  return () => {
    node.removeEventListener("scroll", listen);
    observer.disconnect();
  };
}
