import { agentName, useNames } from "../live/names.ts";
import type { Failure, Page } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { CallButtons } from "../shell/call-buttons.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { TroubleSection } from "./trouble-section.tsx";

/** Event rules and schedules that were given up, with a button that tries each once more. */
export function FailedRules({ page, onChanged }: { page: Page<Failure>; onChanged: () => void }) {
  return (
    <TroubleSection
      title="Failed rules and schedules"
      help="Every attempt failed, so they were given up."
      page={page}
    >
      {(failure) => <FailedRule key={failure.id} failure={failure} onChanged={onChanged} />}
    </TroubleSection>
  );
}

function FailedRule({ failure, onChanged }: { failure: Failure; onChanged: () => void }) {
  const names = useNames();
  const { id, kind, what, reason, attempts, user, session_id: session, schedule_id: schedule } = failure;

  return (
    <li>
      <p class="reason">{reason ?? "It was given up."}</p>
      <p class="quoted" dir="auto">
        {kind === "event" ? `Rule on ${what}` : what}
      </p>
      <p class="facts">
        <ChannelBadge channel={failure.channel} />
        <span>{agentName(names, failure.agent_id)}</span>
        {user !== null && <span>to {userName(user)}</span>}
        <span>
          {attempts} {attempts === 1 ? "attempt" : "attempts"}
        </span>
        <Age at={failure.failed_at} />
        {session !== null && <Link href={hrefOf("conversations", session)}>Conversation</Link>}
        {schedule !== null && <Link href={hrefOf("schedules")}>Schedules</Link>}
      </p>
      <CallButtons
        scope="trigger:write"
        of="Failed rule or schedule"
        calls={[{ label: "Try again", method: "POST", path: `/failures/${id}/retry` }]}
        onDone={onChanged}
      />
    </li>
  );
}
