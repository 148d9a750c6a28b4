/** How much may wait at a time, in this process. What finds no room is refused while its sender still has it. */
export interface Room {
  /** What gives the room back, once, however often it is called; null: there is none. */
  take(bytes: number): (() => void) | null;
}

/** So many things, and so many bytes of them together. */
export interface RoomSize {
  count: number;
  bytes: number;
}

export function createRoom(size: RoomSize): Room {
  let count = 0;
  let held = 0;
  return {
    take(bytes) {
      if (count >= size.count || held + bytes > size.bytes) return null;
      count += 1;
      held += bytes;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        count -= 1;
        held -= bytes;
      };
    },
  };
}
