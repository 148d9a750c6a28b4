import { useEffect, useState } from "preact/hooks";
import type { WireAttachment } from "../chat/wire.ts";
import { useView } from "./context.ts";
import { fileSize } from "./file-size.ts";
import { Icon } from "./icons.tsx";
import { fill, useWords } from "./words.ts";

/** Pictures that browsers show safely; anything else, SVG above all, is only handed out. */
const SHOWN = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/** The files of a message. @param props.sessionId left out while the message is on its way. */
export function Attachments(props: { sessionId?: string; attachments: readonly WireAttachment[] }) {
  const words = useWords();
  return (
    <ul class="attachments" part="attachments" aria-label={words.attached}>
      {props.attachments.map((attachment) => (
        <li key={attachment.id}>
          <Attachment {...(props.sessionId ? { sessionId: props.sessionId } : {})} attachment={attachment} />
        </li>
      ))}
    </ul>
  );
}

function Attachment({ sessionId, attachment }: { sessionId?: string; attachment: WireAttachment }) {
  const { api } = useView();
  const words = useWords();
  const name = attachment.name ?? words.file;
  if (attachment.state === "failed" || attachment.state === "expired") {
    return <FileLine name={name} note={words.unavailable} />;
  }
  if (sessionId === undefined || attachment.state === "pending") {
    return <FileLine name={name} note={sessionId === undefined ? "" : words.pending} />;
  }
  if (SHOWN.includes(attachment.content_type)) {
    return <Picture sessionId={sessionId} attachment={attachment} name={name} />;
  }
  const save = () => api.attachmentContent(sessionId, attachment.id).then((content) => saveAs(content, name));
  return (
    <button
      type="button"
      class="file"
      title={fill(words.download, { name })}
      onClick={() => void save().catch(() => undefined)}
    >
      <FileLine name={name} note={attachment.bytes === null ? "" : fileSize(attachment.bytes)} />
    </button>
  );
}

/** Fetched with the visitor's token and shown from memory: its address opens nothing to anybody else. */
function Picture(props: { sessionId: string; attachment: WireAttachment; name: string }) {
  const { sessionId, attachment, name } = props;
  const { api } = useView();
  const words = useWords();
  const [content, setContent] = useState<{ blob: Blob; url: string } | null>(null);
  useEffect(() => {
    let url = "";
    let isOver = false;
    api
      .attachmentContent(sessionId, attachment.id)
      .then((blob) => {
        if (isOver) return;
        url = URL.createObjectURL(blob);
        setContent({ blob, url });
      })
      .catch(() => undefined);
    return () => {
      isOver = true;
      URL.revokeObjectURL(url);
    };
  }, [sessionId, attachment.id]);
  if (content === null) return <FileLine name={name} note={words.loading} />;
  return (
    <button
      type="button"
      class="picture"
      aria-label={fill(words.download, { name })}
      onClick={() => saveAs(content.blob, name)}
    >
      <img src={content.url} alt={name} />
    </button>
  );
}

function FileLine({ name, note }: { name: string; note: string }) {
  return (
    <span class="file-line">
      <Icon name="file" />
      <span class="file-name" dir="auto">
        {name}
      </span>
      {note !== "" && <span class="file-note">{note}</span>}
    </span>
  );
}

/** Saves, never opens: nothing in a file is run in the page's name. */
function saveAs(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
