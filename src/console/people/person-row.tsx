import type { User } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { userName } from "../shell/user-name.ts";

/** One person in the list of people. */
export function PersonRow({ user }: { user: User }) {
  return (
    <li>
      <Link href={hrefOf("people", user.id)}>
        <span class="row-name" dir="auto">
          {userName(user)}
        </span>
        {user.name !== null && <span class="hint">{user.identifier}</span>}
        <ChannelBadge channel={user.channel} />
        {!user.reachable.ok && <span class="chip bad">Cannot be written to</span>}
        <Age at={user.created_at} />
      </Link>
    </li>
  );
}
