import { may } from "../session/who.ts";
import { PageHead } from "../shell/page-head.tsx";
import type { Route } from "../shell/route.ts";
import { MessageForm } from "./message-form.tsx";

/** Makes an agent write to one user or to many. */
export function MessageSomeone({ route }: { route: Route }) {
  return (
    <div class="page">
      <PageHead title="Message someone" />
      {may("trigger:write") ? (
        <MessageForm route={route} />
      ) : (
        <p class="empty">Your key does not let you write to people first.</p>
      )}
    </div>
  );
}
