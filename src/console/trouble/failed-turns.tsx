import type { Execution, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { RetryTurn } from "./retry-turn.tsx";

/** Turns that the bot did not answer. */
export function FailedTurns({ page }: { page: Page<Execution> }) {
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
