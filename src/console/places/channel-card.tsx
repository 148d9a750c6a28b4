import type { Channel } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf, queryOf } from "../shell/route.ts";
import { times } from "../shell/times.ts";
import { ChannelChecks } from "./channel-check.tsx";

const STATES: Readonly<Record<Channel["state"], { name: string; tone: string }>> = {
  ok: { name: "Works", tone: "good" },
  error: { name: "In trouble", tone: "bad" },
  paused: { name: "Paused", tone: "wait" },
  disabled: { name: "Switched off", tone: "quiet" },
};

/** One channel: its state, its last trouble, and its last messages. */
export function ChannelCard({ channel }: { channel: Channel }) {
  const { name, kind, state, last_inbound_at: inbound, last_outbound_at: outbound } = channel;
  const query = queryOf({ channel: name });
  return (
    <li class="card channel" data-state={state}>
      <header>
        <h3>{name}</h3>
        <span class={`chip ${STATES[state].tone}`}>{STATES[state].name}</span>
      </header>
      {kind !== name && <p class="hint">{kind}</p>}
      <LastTrouble channel={channel} />
      {channel.paused_until !== null && (
        <p class="hint">The platform asked us to send nothing until {times.time(channel.paused_until)}.</p>
      )}
      <dl>
        <dt>Last message in</dt>
        <dd>{inbound === null ? "none yet" : <Age at={inbound} />}</dd>
        <dt>Last message out</dt>
        <dd>{outbound === null ? "none yet" : <Age at={outbound} />}</dd>
      </dl>
      <ChannelChecks channel={channel} />
      <p class="facts">
        <Link href={hrefOf("conversations", null, query)}>Conversations</Link>
        <Link href={hrefOf("trouble", null, query)}>Trouble</Link>
      </p>
    </li>
  );
}

function LastTrouble({ channel: { state, last_error: error, last_error_at: at } }: { channel: Channel }) {
  if (error === null) return null;
  return (
    <p class={state === "error" ? "problem" : "hint"}>
      {state === "error" ? "" : "Last trouble: "}
      {error}
      {at !== null && (
        <>
          {" "}
          <Age at={at} />
        </>
      )}
    </p>
  );
}
