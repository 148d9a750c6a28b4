import type { Execution } from "../server/wire.ts";
import { CallButtons } from "../shell/call-buttons.tsx";

/** The button that asks the bot once more after a failed turn. */
export function RetryTurn({ turn }: { turn: Execution }) {
  if (turn.status !== "failed" || turn.retried_as !== null) return null;
  const path = `/executions/${turn.id}/retry`;
  return (
    <CallButtons
      scope="messages:write"
      of="Failed turn"
      calls={[{ label: "Ask the bot again", method: "POST", path }]}
    />
  );
}
