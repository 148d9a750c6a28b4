import type { SendResult } from "../../core/message/outbound.ts";

/** No platform can fail here. The only failure of a send is that the process stops before it. */
export const stopped: SendResult = {
  kind: "retry",
  scope: "conversation",
  code: "stopping",
  reason: "the send was stopped before it began",
};
