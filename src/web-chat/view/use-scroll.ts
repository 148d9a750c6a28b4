import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** How near to the end counts as being there, pixels. */
const NEAR = 48;

/** Keeps the newest message in view while the reader is at the end, and leaves those alone who read further up. */
export function useScroll(pane: RefObject<HTMLElement | null>, shown: unknown, onReached: () => void) {
  const atEnd = useRef(true);
  const height = useRef(0);
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
    const grown = node.scrollHeight - height.current;
    const wasAtTop = node.scrollTop < NEAR;
    height.current = node.scrollHeight;
    if (atEnd.current) toEnd();
    // Earlier messages were put above: what was being read stays where it is.
    else if (grown > 0 && wasAtTop) node.scrollTop += grown;
    else if (grown > 0) setHasNew(true);
  }, [shown]);

  useEffect(() => {
    const node = pane.current;
    if (!node) return;
    const onScroll = () => {
      atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
      if (!atEnd.current) return;
      setHasNew(false);
      onReached();
    };
    node.addEventListener("scroll", onScroll, { passive: true });
    // A keyboard that comes up makes the pane smaller; a picture that arrives makes its content taller.
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
