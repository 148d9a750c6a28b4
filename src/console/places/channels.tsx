import { useNames } from "../live/names.ts";
import type { Channel } from "../server/wire.ts";
import { PageHead } from "../shell/page-head.tsx";
import { ChannelCard } from "./channel-card.tsx";

/** The connections to the platforms, and their states. */
export function Channels() {
  const { channels } = useNames();
  const sorted = [...channels].sort(
    (left, right) => rank(left) - rank(right) || left.name.localeCompare(right.name),
  );
  return (
    <div class="page">
      <PageHead title="Channels" />
      <ul class="cards">
        {sorted.map((channel) => (
          <ChannelCard key={channel.id} channel={channel} />
        ))}
      </ul>
    </div>
  );
}

/** Channels in trouble come first. */
function rank({ state }: Channel): number {
  return ["error", "paused", "ok", "disabled"].indexOf(state);
}
