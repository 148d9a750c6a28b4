import { kindOf, useNames } from "../live/names.ts";

/** A channel by its name, with the color of its kind. */
export function ChannelBadge({ channel }: { channel: string }) {
  const kind = kindOf(useNames(), channel);
  return (
    <span class="channel-badge" data-kind={kind} title={kind === "" ? channel : `${channel} (${kind})`}>
      {channel}
    </span>
  );
}
