import type { ChannelOptions } from "../channel-options.ts";

/** The address to which a platform posts the events of a channel. */
export function webhookUrlOf({
  name,
  publicUrl,
}: Pick<ChannelOptions<unknown>, "name" | "publicUrl">): string {
  return `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
}
