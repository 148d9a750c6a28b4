import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Execution } from "../server/wire.ts";
import { may } from "../session/who.ts";

/** The button that asks the bot once more after a failed turn. */
export function RetryTurn({ turn }: { turn: Execution }) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  if (!may("messages:write") || turn.status !== "failed" || turn.retried_as !== null) return null;

  async function retry(): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await callApi("POST", `/executions/${turn.id}/retry`);
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
  }

  return (
    <div class="delivery-actions">
      <button type="button" class="button small" aria-busy={isBusy} onClick={() => void retry()}>
        Ask the bot again
      </button>
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}
