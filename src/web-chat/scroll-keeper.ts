import { button } from "./dom.ts";

/** How near to the end counts as being there, pixels. */
const NEAR = 48;

/** Keeps the newest message in view while the reader is at the end, and leaves those alone who read further up. */
export function createScrollKeeper(pane: HTMLElement) {
  let atEnd = true;
  const isAtEnd = () => pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;
  const jump = button("New messages", { class: "jump", hidden: true }, () => toEnd());

  function toEnd(): void {
    atEnd = true;
    pane.scrollTop = pane.scrollHeight;
    jump.hidden = true;
  }

  pane.addEventListener(
    "scroll",
    () => {
      atEnd = isAtEnd();
      if (atEnd) jump.hidden = true;
    },
    { passive: true },
  );
  // A keyboard that comes up makes the pane smaller; its end stays in view.
  new ResizeObserver(() => {
    if (atEnd) toEnd();
  }).observe(pane);

  return {
    jump,
    toEnd,
    /** Call around a change of what the pane shows. */
    around(change: () => void): void {
      const before = pane.scrollHeight;
      const fromEnd = before - pane.scrollTop;
      const wasAtTop = pane.scrollTop < NEAR;
      change();
      if (atEnd) toEnd();
      else if (pane.scrollHeight > before) {
        // Earlier messages were put above: what was being read stays where it is.
        if (wasAtTop) pane.scrollTop = pane.scrollHeight - fromEnd;
        else jump.hidden = false;
      }
    },
  };
}
