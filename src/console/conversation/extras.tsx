import type { WireButton } from "../../web-chat/chat/wire.ts";
import { safeUrl } from "../../web-chat/markdown/links.ts";
import { FileLine, SHOWN_PICTURES } from "../../web-chat/view/file-line.tsx";
import { fileSize } from "../../web-chat/view/file-size.ts";
import type { Feedback, Message } from "../server/wire.ts";

/** The files of a message. The cookie opens their addresses, so they need no token and no copy in memory. */
export function Files({ attachments }: { attachments: Message["attachments"] }) {
  return (
    <ul class="attachments" aria-label="Attached files">
      {attachments.map((attachment) => (
        <li key={attachment.id}>
          <File attachment={attachment} />
        </li>
      ))}
    </ul>
  );
}

function File({ attachment }: { attachment: Message["attachments"][number] }) {
  const { id, state, error, bytes, content_type: type } = attachment;
  const name = attachment.name ?? "File";
  if (state !== "stored") {
    return <FileLine name={name} note={state === "pending" ? "On its way…" : (error ?? "No longer kept")} />;
  }
  const url = `/api/v1/attachments/${encodeURIComponent(id)}/content`;
  return SHOWN_PICTURES.includes(type ?? "") ? (
    <a class="picture" href={url} download={name} aria-label={`Save ${name}`}>
      <img src={url} alt={name} loading="lazy" />
    </a>
  ) : (
    <a class="file" href={url} download={name}>
      <FileLine name={name} note={bytes === null ? "" : fileSize(bytes)} />
    </a>
  );
}

/** The buttons that a user saw. Here nobody presses them. */
export function Buttons({ buttons }: { buttons: readonly WireButton[] }) {
  return (
    <ul class="choices" aria-label="Buttons">
      {buttons.map(({ label, url }) => {
        const target = url ? safeUrl(url) : null;
        return (
          <li class="choice" key={label} dir="auto">
            {target === null ? (
              label
            ) : (
              <a href={target} target="_blank" rel="noopener noreferrer">
                {label}
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** The ratings of a message: a thumb, its giver, and their comment. */
export function Ratings({ feedback }: { feedback: readonly Feedback[] }) {
  return (
    <ul class="ratings" aria-label="Ratings">
      {feedback.map(({ rating, comment, user, via }) => (
        <li key={user?.identifier ?? ""}>
          <span
            class={`chip ${rating === "up" ? "good" : "bad"}`}
            title={`${user?.identifier ?? ""} (${via})`}
          >
            {rating === "up" ? "Good answer" : "Bad answer"}
          </span>{" "}
          {user?.name && <bdi>{user.name}</bdi>} {comment && <q dir="auto">{comment}</q>}
        </li>
      ))}
    </ul>
  );
}
