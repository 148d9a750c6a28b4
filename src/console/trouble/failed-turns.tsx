import type { Execution, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { RetryTurn } from "./retry-turn.tsx";
import { TroubleSection } from "./trouble-section.tsx";

/** Turns that the bot did not answer. */
export function FailedTurns({ page }: { page: Page<Execution> }) {
  return (
    <TroubleSection title="Failed turns" help="The bot gave no answer, after all attempts." page={page}>
      {(turn) => <FailedTurn key={turn.id} turn={turn} />}
    </TroubleSection>
  );
}

function FailedTurn({ turn }: { turn: Execution }) {
  return (
    <li>
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
        <Link href={hrefOf("conversations", turn.session_id)}>Conversation</Link>
      </p>
      <RetryTurn turn={turn} />
    </li>
  );
}
