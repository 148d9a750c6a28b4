import { useNames } from "../live/names.ts";
import type { Channel } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { ChannelChecks } from "./channel-check.tsx";

const STATES: Readonly<Record<Channel["state"], { name: string; tone: string }>> = {
  ok: { name: "Works", tone: "good" },
  error: { name: "In trouble", tone: "bad" },
  paused: { name: "Paused", tone: "wait" },
  disabled: { name: "Switched off", tone: "quiet" },
};

/** The connections to the platforms, and their states. */
export function Channels() {
  const { channels } = useNames();
  const sorted = [...channels].sort(
    (left, right) => rank(left) - rank(right) || left.name.localeCompare(right.name),
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Channels</h2>
      </header>
      <ul class="cards">
        {sorted.map((channel) => (
          <li key={channel.id} class="card channel" data-state={channel.state}>
            <header>
              <h3>{channel.name}</h3>
              <span class={`chip ${STATES[channel.state].tone}`}>{STATES[channel.state].name}</span>
            </header>
            {channel.kind !== channel.name && <p class="hint">{channel.kind}</p>}
            {channel.last_error !== null && (
              <p class={channel.state === "error" ? "problem" : "hint"}>
                {channel.state === "error" ? "" : "Last trouble: "}
                {channel.last_error}
                {channel.last_error_at !== null && (
                  <>
                    {" "}
                    <Age at={channel.last_error_at} />
                  </>
                )}
              </p>
            )}
            {channel.paused_until !== null && (
              <p class="hint">
                The platform asked us to send nothing until {times.time(channel.paused_until)}.
              </p>
            )}
            <dl>
              <dt>Last message in</dt>
              <dd>{channel.last_inbound_at === null ? "none yet" : <Age at={channel.last_inbound_at} />}</dd>
              <dt>Last message out</dt>
              <dd>
                {channel.last_outbound_at === null ? "none yet" : <Age at={channel.last_outbound_at} />}
              </dd>
            </dl>
            <ChannelChecks channel={channel} />
            <p class="facts">
              <Link
                href={hrefOf(
                  "conversations",
                  null,
                  new URLSearchParams({ channel: channel.name }).toString(),
                )}
              >
                Conversations
              </Link>
              <Link href={hrefOf("trouble", null, new URLSearchParams({ channel: channel.name }).toString())}>
                Trouble
              </Link>
            </p>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Channels in trouble come first. */
function rank({ state }: Channel): number {
  return ["error", "paused", "ok", "disabled"].indexOf(state);
}
