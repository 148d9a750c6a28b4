import type { SendResult } from "../../core/outbound.ts";

/** There is no platform to fail: all that can go wrong with a send is that the process stops before it. */
export const stopped: SendResult = {
  kind: "retry",
  scope: "conversation",
  code: "stopping",
  reason: "the send was stopped before it began",
};
