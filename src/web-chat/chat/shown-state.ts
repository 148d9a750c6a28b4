import { type ChatState, initialState } from "./chat-state.ts";

/** The state that a chat shows now. */
export interface ShownState {
  now(): ChatState;
  change(next: Partial<ChatState>): void;
}

/** @param onChange is called after each change. */
export function createShownState(onChange: () => void): ShownState {
  let state = initialState;
  return {
    now: () => state,
    change(next) {
      state = { ...state, ...next };
      onChange();
    },
  };
}
