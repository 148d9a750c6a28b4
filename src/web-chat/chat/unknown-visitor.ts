import type { Boxes } from "./boxes.ts";
import type { CallError } from "./call-error.ts";
import type { ChatListener } from "./chat-state.ts";
import type { OutboxItem } from "./outbox.ts";
import type { ShownState } from "./shown-state.ts";
import type { Visitor } from "./visitor.ts";

/** Stops asking a server that does not know the visitors that it created itself. */
const MOST_RENEWALS = 2;

interface UnknownVisitorDeps {
  shown: ShownState;
  boxes: Boxes;
  visitor: Visitor;
  listener: ChatListener;
  /** Removes all data of the visitor. */
  clear: () => void;
}

/** Handles refused calls: if the server does not know the visitor, another visitor takes over the unsent texts. */
export function createUnknownVisitor({ shown, boxes, visitor, listener, clear }: UnknownVisitorDeps) {
  /** Number of replaced visitors since the last successful send. */
  let renewals = 0;

  /** Sends the typed texts as the visitor that the next call creates. The former visitor's files are lost. */
  function resend(unsent: readonly OutboxItem[]): void {
    const withText = unsent.filter(({ content }) => content !== "");
    if (withText.length === 0) return;
    renewals += 1;
    shown.change({ notice: null });
    for (const { content, payload } of withText)
      boxes.of(null).outbox.add({ content, ...(payload === undefined ? {} : { payload }) });
  }

  return {
    onSent() {
      renewals = 0;
    },
    onRefused(error: CallError): void {
      if (error.status !== 401) {
        shown.change({ connection: "offline" });
        return;
      }
      const wasIdentified = visitor.known()?.anonymous === false;
      const unsent = wasIdentified ? [] : boxes.unsent();
      clear();
      visitor.forget();
      listener.onForgotten();
      shown.change({ notice: wasIdentified ? "signInAgain" : "gone" });
      if (wasIdentified) listener.onIdentityExpired();
      else if (renewals < MOST_RENEWALS) resend(unsent);
    },
  };
}
