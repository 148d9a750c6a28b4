/** A number of items and their total bytes. */
export interface Capacity {
  count: number;
  bytes: number;
}

/** An admission limit: how much may wait at one time in this process, divided among senders. */
export interface AdmissionLimit {
  /**
   * Returns the function that releases the place. Only its first call counts. Null: no place is left for this sender.
   */
  take(sender: string, bytes: number): (() => void) | null;
}

/**
 * Nobody takes more than they leave to others. One sender gets at most half of the capacity, a second one half of the
 * rest. So a new sender always finds a place, however much the others use.
 */
export function createAdmissionLimit(size: Capacity): AdmissionLimit {
  const senders = new Map<string, Capacity>();
  const all: Capacity = { count: 0, bytes: 0 };

  function leave(sender: string, bytes: number): void {
    const own = senders.get(sender);
    if (!own) return;
    for (const held of [own, all]) {
      held.count -= 1;
      held.bytes -= bytes;
    }
    if (own.count === 0) senders.delete(sender);
  }

  return {
    take(sender, bytes) {
      const own = senders.get(sender) ?? { count: 0, bytes: 0 };
      const fits =
        own.count + 1 <= size.count - all.count - 1 && own.bytes + bytes <= size.bytes - all.bytes - bytes;
      if (!fits) return null;
      for (const held of [own, all]) {
        held.count += 1;
        held.bytes += bytes;
      }
      senders.set(sender, own);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        leave(sender, bytes);
      };
    },
  };
}
