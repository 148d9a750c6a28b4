/** True if the main pointer is a finger. Then the keyboard is on the screen. */
export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** True if a key sends. In some scripts Enter ends the choice of a character. On a touch keyboard it makes a new line. */
export function sends(event: KeyboardEvent): boolean {
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
  return isEnter && !isTouch();
}
