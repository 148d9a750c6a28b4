import { createStore } from "../server/store.ts";

/** Grows when the server may have something new. Whoever shows something live then looks again. */
export const feedTicks = createStore(0);

/** Lets everything on the page look again, after an action here. */
export function tick(): void {
  feedTicks.set(feedTicks.get() + 1);
}
