import type { ChannelEvent } from "../../core/message/channel-event.ts";

/** True for a message that was delivered. It proves that the connection works again. */
export const hasArrived = (event: ChannelEvent): boolean =>
  event.type === "receipt" && event.state !== "failed";
