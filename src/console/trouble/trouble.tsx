import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { useLive } from "../live/use-live.ts";
import { callApi } from "../server/call.ts";
import type { Delivery, Execution, Failure, Page } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { go, hrefOf, type Route } from "../shell/route.ts";
import { DeliveryActions } from "./delivery-actions.tsx";
import { FailedRules } from "./failures.tsx";
import { RetryDialog } from "./retry-dialog.tsx";
import { RetryTurn } from "./retry-turn.tsx";

const EVERY_MS = 4_000;
const MOST = 50;

/** Failures that wait for somebody: deliveries that failed or have an unknown outcome, failed turns, rules, schedules. */
export function Trouble({ route }: { route: Route }) {
  const { channels } = useNames();
  const channel = route.query.get("channel") ?? "";
  const of = channel === "" ? "" : `&channel=${encodeURIComponent(channel)}`;
  const { data, failure, refresh } = useLive(
    `trouble ${channel}`,
    async (signal) => {
      const list = <T,>(path: string) => callApi<Page<T>>("GET", `${path}&limit=${MOST}${of}`, { signal });
      const [failed, unknown, turns, rules] = await Promise.all([
        list<Delivery>("/deliveries?status=failed"),
        list<Delivery>("/deliveries?status=unknown"),
        list<Execution>("/executions?status=failed"),
        list<Failure>("/failures?"),
      ]);
      return { failed, unknown, turns, rules };
    },
    EVERY_MS,
  );
  return (
    <div class="page">
      <header class="page-head">
        <h2>Trouble</h2>
        <label class="field inline">
          <span>Channel</span>
          <select
            value={channel}
            onChange={({ currentTarget: { value } }) =>
              go(
                hrefOf(
                  "trouble",
                  null,
                  value === "" ? "" : new URLSearchParams({ channel: value }).toString(),
                ),
              )
            }
          >
            <option value="">All</option>
            {channels.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      {data === null && failure === null && <p class="empty">Loading…</p>}
      {data !== null && (
        <>
          <Deliveries
            title="Unknown deliveries"
            help="The platform's answer was lost. Look there, then say what became of them."
            page={data.unknown}
            status="unknown"
            channel={channel}
          />
          <Deliveries
            title="Failed deliveries"
            help="The platform refused them, or every attempt failed."
            page={data.failed}
            status="failed"
            channel={channel}
          />
          <Turns page={data.turns} />
          <FailedRules page={data.rules} onChanged={() => void refresh()} />
        </>
      )}
    </div>
  );
}

function Deliveries(props: {
  title: string;
  help: string;
  page: Page<Delivery>;
  status: "failed" | "unknown";
  channel: string;
}) {
  const { title, help, page, status, channel } = props;
  const [isRetrying, setRetrying] = useState(false);
  return (
    <section class="card" aria-label={title}>
      <header>
        <h3>
          {title} <span class="number">{page.meta.total}</span>
        </h3>
        {page.data.length > 0 && may("deliveries:write") && (
          <button type="button" class="button" onClick={() => setRetrying(true)}>
            Send all again…
          </button>
        )}
      </header>
      {page.data.length === 0 ? (
        <p class="empty small">None.</p>
      ) : (
        <>
          <p class="hint">{help}</p>
          <ul class="troubles">
            {page.data.map((delivery) => (
              <li key={delivery.id}>
                <p class="reason">
                  {delivery.error ?? "The platform's answer was lost."}
                  {delivery.error_code !== null && <code>{delivery.error_code}</code>}
                </p>
                <p class="quoted" dir="auto">
                  {delivery.content}
                </p>
                <p class="facts">
                  <ChannelBadge channel={delivery.channel} />
                  <span>to {delivery.address}</span>
                  <Age at={delivery.updated_at} />
                  {delivery.session_id !== null ? (
                    <Link href={hrefOf("conversations", delivery.session_id)}>Conversation</Link>
                  ) : (
                    // Words to a stranger belong to no conversation.
                    delivery.access_request_id !== null && <Link href={hrefOf("access")}>Access</Link>
                  )}
                </p>
                <DeliveryActions delivery={delivery} of={` to ${delivery.address}`} />
              </li>
            ))}
          </ul>
          {page.meta.total > page.data.length && <p class="hint">The newest {page.data.length} are shown.</p>}
        </>
      )}
      {isRetrying && <RetryDialog status={status} channel={channel} onClose={() => setRetrying(false)} />}
    </section>
  );
}

function Turns({ page }: { page: Page<Execution> }) {
  return (
    <section class="card" aria-label="Failed turns">
      <header>
        <h3>
          Failed turns <span class="number">{page.meta.total}</span>
        </h3>
      </header>
      {page.data.length === 0 ? (
        <p class="empty small">None.</p>
      ) : (
        <ul class="troubles">
          {page.data.map((turn) => (
            <li key={turn.id}>
              <p class="reason">
                {turn.error?.message ?? "The bot did not answer."}
                {turn.error !== null && <code>{turn.error.code}</code>}
              </p>
              <p class="facts">
                <ChannelBadge channel={turn.channel} />
                <span>
                  {turn.attempts} {turn.attempts === 1 ? "attempt" : "attempts"}
                </span>
                <Age at={turn.ended_at ?? turn.created_at} />
                {turn.retried_as !== null && <span>Asked again</span>}
                <Link href={hrefOf("conversations", turn.session_id)}>Conversation</Link>
              </p>
              <RetryTurn turn={turn} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
