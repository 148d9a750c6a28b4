import type { OutboxItem } from "../chat/outbox.ts";
import { useView } from "./context.ts";
import { reasonOf } from "./reason.ts";
import { useWords } from "./words.ts";

/** How a message on its way is doing, and what can be done about it. */
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
        <button type="button" class="link" onClick={() => conversation.retry()}>
          {words.retry}
        </button>{" "}
        {discard}
      </p>
    );
  }
  return (
    <p class="meta">
      {words[item.state]} {item.state === "offline" && discard}
    </p>
  );
}
