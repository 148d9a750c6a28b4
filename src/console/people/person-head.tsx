import { useState } from "preact/hooks";
import type { User } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Contact, useContact } from "../shell/contact.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf, queryOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";
import { EraseDialog } from "./erase-dialog.tsx";
import { Reach } from "./reach.tsx";

/**
 * A person's name and address, and the actions on the person.
 * @param props.agent the slug of the agent that would write to them; empty: none yet.
 */
export function PersonHead({ user: masked, agent }: { user: User; agent: string }) {
  const user = useContact(masked);
  const [isErasing, setErasing] = useState(false);
  const to = queryOf({ channel: user.channel, agent, to: user.identifier });
  return (
    <>
      <header class="page-head">
        <div>
          <h2 dir="auto">{userName(user)}</h2>
          <p class="facts">
            <ChannelBadge channel={user.channel} />
            <Contact user={masked} />
            <span>
              known since <Age at={user.created_at} />
            </span>
            <Reach user={user} />
          </p>
        </div>
        <div class="form-line">
          {may("trigger:write") && (
            <Link class="button" href={hrefOf("message", null, to)}>
              Write to them
            </Link>
          )}
          {may("users:write") && (
            <button type="button" class="button" onClick={() => setErasing(true)}>
              Erase…
            </button>
          )}
        </div>
      </header>
      {isErasing && <EraseDialog user={user} onClose={() => setErasing(false)} />}
    </>
  );
}
