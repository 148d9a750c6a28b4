import { monotonicMs } from "../../core/time/monotonic.ts";

/** A server without rich messages is asked again after this time, milliseconds. It may have been updated. */
const ASK_AGAIN_MS = 60 * 60_000;

/** Remembers if the Bot API server takes rich messages, so that it is not tried for each message. */
export interface RichSupport {
  /** True if a rich message may be sent. */
  mayTry(): boolean;
  /** True once the server has taken one. */
  isKnown(): boolean;
  /** The server took a rich message. */
  took(): void;
  /**
   * The server refused a rich message with this status, and took the same as a plain message. 404: it knows
   * no rich messages. 400: if it has taken others before, only this one is not possible.
   */
  refused(status: number): void;
}

/** @param isOn false: the configuration switches rich messages off. */
export function createRichSupport(isOn: boolean, nowMs: () => number = monotonicMs): RichSupport {
  let isKnown = false;
  let notBefore = 0;
  return {
    mayTry: () => isOn && nowMs() >= notBefore,
    isKnown: () => isOn && isKnown,
    took() {
      isKnown = true;
    },
    refused(status) {
      if (status === 400 && isKnown) return;
      isKnown = false;
      notBefore = nowMs() + ASK_AGAIN_MS;
    },
  };
}
