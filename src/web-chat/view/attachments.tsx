import { useEffect, useState } from "preact/hooks";
import type { WireAttachment } from "../chat/wire.ts";
import { fill, useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { FileLine, SHOWN_PICTURES } from "./file-line.tsx";
import { fileSize } from "./file-size.ts";
import { later } from "./later.tsx";

const PictureViewer = later(async () => (await import("./dialogs.ts")).PictureViewer);

/** The files of a message. @param props.sessionId left out while the message is being sent. */
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
  if (SHOWN_PICTURES.includes(attachment.content_type)) {
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

/** Fetched with the visitor's token and shown from memory, so its URL is useless to others. */
function Picture(props: { sessionId: string; attachment: WireAttachment; name: string }) {
  const { sessionId, attachment, name } = props;
  const { api } = useView();
  const words = useWords();
  const [content, setContent] = useState<{ blob: Blob; url: string } | null>(null);
  const [isEnlarged, setEnlarged] = useState(false);
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
    <>
      <button
        type="button"
        class="picture"
        aria-label={fill(words.enlarge, { name })}
        onClick={() => setEnlarged(true)}
      >
        <img src={content.url} alt={name} />
      </button>
      {isEnlarged && (
        <PictureViewer
          url={content.url}
          name={name}
          onSave={() => saveAs(content.blob, name)}
          onClose={() => setEnlarged(false)}
        />
      )}
    </>
  );
}

/** Saves and never opens a file, so nothing in it runs with the page's rights. */
function saveAs(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
