import { createAdmissionLimit } from "../../core/process/admission-limit.ts";
import { createSlowPeerLimit, type SlowPeerLimit } from "../../core/time/slow-peer-limit.ts";

/** The memory of bodies, from reading until their requests are answered. */
export interface BodyRoom {
  /** @param giveUp called when an unfinished body must free its memory, or is too slow. */
  begin(sender: string, giveUp: (why: GiveUp) => void): BodyPlace;
}

export type GiveUp = "overloaded" | "too_slow";

export interface BodyPlace {
  /** Asks for this many more bytes of memory. */
  grow(bytes: number): boolean;
  /** This many bytes arrived. */
  progress(bytes: number): void;
  /** The body is complete, so it no longer frees its memory for others. */
  complete(): void;
  leave(): void;
}

interface Reading {
  patience: SlowPeerLimit;
  /** The time of its last bytes, milliseconds. */
  at: number;
  giveUp(why: GiveUp): void;
}

/** The slowest accepted body: the speed of a modem, with at most one pause of a mobile network. */
const PACE = { bytesPerSecond: 1024, silentMs: 15_000 };
/** Interval of checks for slow bodies, milliseconds. */
const POLL_MS = 1_000;

/**
 * Memory that senders share. If a sender's share is full, a body with progress replaces the one without progress for
 * the longest time. So a sender that stops in the middle of many bodies blocks nobody, and not even itself. @param
 * options.sparedMs a body with progress within this time is not replaced. Then the other body is refused.
 */
export function createBodyRoom(
  bytes: number,
  options: { pace?: typeof PACE; pollMs?: number; sparedMs?: number } = {},
): BodyRoom {
  const { pace = PACE, pollMs = POLL_MS, sparedMs = 0 } = options;
  const room = createAdmissionLimit({ count: Number.MAX_SAFE_INTEGER, bytes });
  // The bodies of each sender, in order of progress, with the most recent one last.
  const senders = new Map<string, Set<Reading>>();
  let timer: NodeJS.Timeout | null = null;

  function stopReading(sender: string, reading: Reading): void {
    const own = senders.get(sender);
    own?.delete(reading);
    if (own?.size === 0) senders.delete(sender);
  }

  function lookForSlow(): void {
    for (const own of [...senders.values()])
      for (const reading of [...own]) if (reading.patience.isOver()) reading.giveUp("too_slow");
    if (senders.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    begin(sender, giveUp) {
      const held: (() => void)[] = [];
      let isOver = false;
      const own = senders.get(sender) ?? new Set();
      const place: BodyPlace = {
        grow(more) {
          while (more > 0) {
            if (isOver) return false;
            const leave = room.take(sender, more);
            if (leave !== null) {
              held.push(leave);
              return true;
            }
            const stalled = longestSilent(own, reading);
            if (stalled === null || performance.now() - stalled.at < sparedMs) return false;
            stalled.giveUp("overloaded");
          }
          return true;
        },
        progress(came) {
          reading.patience.progress(came);
          reading.at = performance.now();
          if (!own.delete(reading)) return;
          own.add(reading);
        },
        complete: () => stopReading(sender, reading),
        leave() {
          isOver = true;
          stopReading(sender, reading);
          for (const leave of held.splice(0)) leave();
        },
      };
      const reading: Reading = {
        patience: createSlowPeerLimit(pace),
        at: performance.now(),
        giveUp(why) {
          place.leave();
          giveUp(why);
        },
      };
      senders.set(sender, own.add(reading));
      timer ??= setInterval(lookForSlow, pollMs).unref();
      return place;
    },
  };
}

function longestSilent(own: ReadonlySet<Reading>, except: Reading): Reading | null {
  for (const reading of own) if (reading !== except) return reading;
  return null;
}
