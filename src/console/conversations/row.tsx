import { plainText } from "../../web-chat/markdown/plain-text.ts";
import { memo } from "../../web-chat/view/memo.ts";
import type { SessionRow } from "../server/wire.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { userName } from "../shell/user-name.ts";

/** A conversation in the list. */
export const Row = memo(function Row(props: {
  row: SessionRow;
  href: string;
  isOpen: boolean;
  isTroubled: boolean;
}) {
  const { row, href, isOpen, isTroubled } = props;
  return (
    <li>
      <Link
        class="row"
        href={href}
        data-session={row.id}
        data-status={row.status}
        aria-current={isOpen ? "true" : undefined}
      >
        <span class="row-top">
          <span class="row-name" dir="auto">
            {userName(row.user)}
          </span>
          <Age at={row.last_message?.created_at ?? row.last_activity_at} />
        </span>
        <span class="row-text" dir="auto">
          {row.last_message?.role === "assistant" && <span class="by">↩ </span>}
          {snippetOf(row)}
        </span>
        <span class="row-foot">
          <ChannelBadge channel={row.channel} />
          {row.handoff?.state === "requested" && <span class="chip wait">Waits for a person</span>}
          {row.handoff?.state === "taken" && <span class="chip person">{row.handoff.holder?.name}</span>}
          {isTroubled && <span class="chip bad">Trouble</span>}
          {row.status === "completed" && <span class="chip">Completed</span>}
        </span>
      </Link>
    </li>
  );
});

/** The newest words on one line, without the marks of formatted text. */
function snippetOf({ last_message: last, title }: SessionRow): string {
  if (last === null) return title ?? "No messages yet";
  return last.role === "assistant" ? plainText(last.content) : last.content;
}
