import type { Clock } from "../../core/time/clock.ts";
import { TurnStopped } from "../answering/run-attempt.ts";
import type { TurnPulse } from "../answering/run-turn.ts";
import type { Running } from "../answering/turn-deps.ts";

/** A turn may show no sign of life for this long while a reset waits for it, milliseconds. */
const SIGN_OF_LIFE_MS = 5_000;

/**
 * Limits how long a reset waits for a turn. It stops a turn that waits, or whose bot hangs. A user who writes `/reset`
 * does not need that answer. A turn that makes progress may finish: half an answer would surprise the user.
 */
export function createResetLimit(clock: Clock) {
  const nowMs = () => clock.now().getTime();

  function check(running: Running): void {
    const { batch, signAt, stop } = running;
    if (!running.resetWaits || batch?.kind !== "turn") return;
    const leftMs = signAt === null ? 0 : signAt + SIGN_OF_LIFE_MS - nowMs();
    if (leftMs <= 0) {
      stop.abort(new TurnStopped("reset"));
      return;
    }
    setTimeout(() => {
      if (running.batch === batch) check(running);
    }, leftMs).unref();
  }

  return {
    onBegin(running: Running): void {
      running.signAt = nowMs();
      check(running);
    },
    /** The turn of a lane made progress, or waits. */
    onPulse(running: Running, pulse: TurnPulse): void {
      const wasWaiting = running.signAt === null;
      running.signAt = pulse === "pause" ? null : nowMs();
      if (pulse === "pause" || wasWaiting) check(running);
    },
    /** A reset arrived after the messages being answered. */
    onReset(running: Running): void {
      if (running.resetWaits) return;
      running.resetWaits = true;
      check(running);
    },
  };
}

export type ResetLimit = ReturnType<typeof createResetLimit>;
