import type { PlatformName } from "../connection.ts";
import type { World } from "../world.ts";

/** An event on its way to the bot. `chat` is the conversation that it belongs to. */
interface Travelling {
  chat: string;
}

const LATE_SECONDS = 5;
const REORDER_SECONDS = 5;

/** Passes events on, with the faults that are switched on: twice, in another order, or late. */
export function withEventFaults<Event extends Travelling>(
  world: World,
  platform: PlatformName,
  deliver: (event: Event) => void,
): (event: Event) => void {
  let held: Event | null = null;

  function release(): void {
    const event = held;
    held = null;
    if (event !== null) deliver(event);
  }

  return (event) => {
    const { faults } = world;
    const late = faults.ofEvent(platform, "late", event.chat);
    if (late !== null) return world.after((late.seconds ?? LATE_SECONDS) * 1000, () => deliver(event));
    const reorder = held === null ? faults.ofEvent(platform, "reorder", event.chat) : null;
    if (reorder !== null) {
      held = event;
      // Another event may never come.
      return world.after((reorder.seconds ?? REORDER_SECONDS) * 1000, () => {
        if (held === event) release();
      });
    }
    deliver(event);
    const again = faults.ofEvent(platform, "duplicate", event.chat);
    if (again !== null) world.after((again.seconds ?? 0) * 1000, () => deliver(event));
    release();
  };
}
