import { useEffect, useRef } from "preact/hooks";
import { createStore } from "../server/store.ts";

const PLACE = "causeway-console-keys";

/** Tells if single keys do something. People who speak to their computer turn them off. */
export const keysAreOn = createStore(readSetting());

export function setKeys(on: boolean): void {
  keysAreOn.set(on);
  try {
    localStorage.setItem(PLACE, on ? "on" : "off");
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** Calls the action of a pressed key, unless somebody is typing or a dialog is open. */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!keysAreOn.get() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input:not([type=checkbox]), textarea, select");
}

function readSetting(): boolean {
  try {
    return localStorage.getItem(PLACE) !== "off";
  } catch {
    return true;
  }
}
