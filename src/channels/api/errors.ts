import type { SendResult } from "../channel.ts";

/** The only thing that can go wrong with a reply nobody is sent: the process is stopping. */
export const stopped: SendResult = {
  kind: "retry",
  scope: "conversation",
  code: "stopping",
  reason: "the send was stopped before it began",
};
