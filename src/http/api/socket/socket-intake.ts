import type { Capacity } from "../../../core/process/admission-limit.ts";
import { monotonicMs } from "../../../core/time/monotonic.ts";
import { createRateLimit, type RateLimitSettings } from "../../server/rate-limit.ts";

/** A frame as received. */
export interface RawFrame {
  bytes: Buffer;
  isBinary: boolean;
}

export interface IntakeOptions {
  /** Every frame counts, whatever its content. */
  rate: RateLimitSettings;
  /** Maximum amount in progress at the same time. */
  most: Capacity;
  now?: () => number;
}

export interface Intake {
  take(frame: RawFrame): void;
  /** True if nothing is read at the moment, so that no frame can be expected. */
  isHeld(): boolean;
  close(): void;
}

/**
 * Accepts a client's frames only as fast as they can be handled. Faster frames wait in the network, at their sender.
 * Nothing is dropped.
 * @param carryOut starts a frame's request; returns a promise while it is in progress, null if it is done.
 */
export function createIntake(
  socket: { pause(): void; resume(): void },
  carryOut: (frame: RawFrame) => Promise<void> | null,
  { rate, most, now = monotonicMs }: IntakeOptions,
): Intake {
  const bucket = createRateLimit(rate, now);
  const waiting: RawFrame[] = [];
  const underWay: Capacity = { count: 0, bytes: 0 };
  let held = false;
  let timer: NodeJS.Timeout | null = null;

  function hold(): void {
    if (held) return;
    held = true;
    socket.pause();
  }

  function goOn(): void {
    if (!held) return;
    held = false;
    socket.resume();
  }

  const isFull = () => underWay.count >= most.count || underWay.bytes >= most.bytes;

  /** False if the next frame may not begin yet. */
  function startNext(): boolean {
    if (timer !== null || isFull()) return false;
    const waitMs = bucket.take("");
    if (waitMs > 0) timer = setTimeout(wake, waitMs);
    else start(waiting.shift());
    return waitMs === 0;
  }

  function begin(): void {
    while (waiting.length > 0 && startNext());
    if (waiting.length > 0) hold();
    else goOn();
  }

  function wake(): void {
    timer = null;
    begin();
  }

  function start(frame: RawFrame | undefined): void {
    const done = frame === undefined ? null : carryOut(frame);
    if (done === null) return;
    const bytes = frame?.bytes.length ?? 0;
    underWay.count += 1;
    underWay.bytes += bytes;
    const end = () => {
      underWay.count -= 1;
      underWay.bytes -= bytes;
      begin();
    };
    done.then(end, end);
  }

  return {
    take(frame) {
      waiting.push(frame);
      begin();
    },
    isHeld: () => held,
    close() {
      waiting.length = 0;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
