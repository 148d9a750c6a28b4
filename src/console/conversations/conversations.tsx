import { ConversationView } from "../conversation/conversation-view.tsx";
import type { Route } from "../shell/route.ts";
import { ConversationList } from "./list.tsx";

/** The list, and beside it the conversation that is open. On a narrow screen one of them is shown. */
export function Conversations({ route }: { route: Route }) {
  return (
    <div class={`conversations ${route.id === null ? "" : "has-open"}`}>
      <ConversationList route={route} />
      {route.id === null ? (
        <div class="nothing-open">
          <p>Choose a conversation.</p>
          <p class="hint">
            <kbd>J</kbd> and <kbd>K</kbd> move, <kbd>Enter</kbd> opens, <kbd>?</kbd> shows all keys.
          </p>
        </div>
      ) : (
        <ConversationView key={route.id} id={route.id} route={route} />
      )}
    </div>
  );
}
