import type { OutboxItem } from "../chat/outbox.ts";
import { useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { reasonOf } from "./reason.ts";

/** The state of an outgoing message, and its actions. */
export function OutgoingState({ item }: { item: OutboxItem }) {
  const { conversation } = useView();
  const words = useWords();
  const discard = (
    <button type="button" class="link" onClick={() => conversation.discard(item.clientId)}>
      {words.discard}
    </button>
  );
  if (item.state === "failed") {
    return (
      <p class="meta" role="alert">
        {words.notSent} {item.failure && reasonOf(item.failure, words)}{" "}
        <span class="acts">
          <button type="button" class="link" onClick={() => conversation.retry()}>
            {words.retry}
          </button>
          {discard}
        </span>
      </p>
    );
  }
  return (
    <p class="meta">
      {words[item.state]} {item.state === "offline" && discard}
    </p>
  );
}
