import { Markdown } from "../web-chat/markdown/markdown.tsx";
import type { Message, PlatformName } from "./wire.ts";

const TICKS: Readonly<Record<string, string>> = { sent: "✓", delivered: "✓✓", read: "✓✓", played: "✓✓" };

const CARD_MARKS: Readonly<Record<string, string>> = { complete: "✓", error: "✗" };

export interface BubbleProps {
  message: Message;
  platform: PlatformName;
  press(label: string, isForm?: boolean): void;
  /** Absent: the message cannot be rewritten. */
  edit?: (() => void) | undefined;
  /** Absent: users cannot react here. */
  react?: (() => void) | undefined;
  /** Answers this message, or opens its thread. */
  onThread(): void;
}

/** One message with its buttons, file and marks. */
export function Bubble({ message, platform, press, edit, react, onThread }: BubbleProps) {
  const { from, text, markdown, buttons = [], file, name, thread, title, cards = [] } = message;
  const who = name ?? (from === "bot" ? "Bot" : "You");
  return (
    <article class={`message ${from}`} data-thread={thread !== undefined} aria-label={`${who}: ${text}`}>
      <div class="bubble" dir="auto">
        {name === undefined && platform !== "slack" ? null : <b class="name">{who}</b>}
        {file === undefined ? null : <Attachment file={file} />}
        {title === undefined ? null : <i class="title">{title}</i>}
        {cards.map((card) => (
          <span key={card.title} class="card">
            {CARD_MARKS[card.status] ?? "…"} {card.title}
          </span>
        ))}
        {markdown === undefined ? (
          <span class="text">{text}</span>
        ) : (
          <div class="styled">
            <Markdown text={markdown} />
          </div>
        )}
        <Marks message={message} />
      </div>
      <Buttons labels={buttons} press={(label) => press(label, label === message.form)} />
      <div class="actions">
        {platform === "sms" ? null : (
          <Action label={platform === "slack" ? "Thread" : "Reply"} act={onThread} />
        )}
        {react === undefined ? null : <Action label="React" act={react} />}
        {edit === undefined ? null : <Action label="Edit" act={edit} />}
      </div>
    </article>
  );
}

/** Buttons of the bot. */
export function Buttons({ labels, press }: { labels: readonly string[]; press(label: string): void }) {
  if (labels.length === 0) return null;
  return (
    <div class="buttons">
      {labels.map((label) => (
        <button type="button" key={label} onClick={() => press(label)}>
          {label}
        </button>
      ))}
    </div>
  );
}

function Action({ label, act }: { label: string; act(): void }) {
  return (
    <button type="button" class="answer" onClick={act}>
      {label}
    </button>
  );
}

function Marks({ message }: { message: Message }) {
  const { reaction, edited, streaming, at, receipt, via, segments = 1 } = message;
  return (
    <span class="marks">
      {reaction === undefined ? "" : `${reaction} `}
      {edited ? "edited " : ""}
      {streaming ? "writing… " : ""}
      {via === undefined ? "" : `${segments > 1 ? `${segments} × ` : ""}${via.toUpperCase()} `}
      <time dateTime={at}>{at.slice(11, 16)}</time>
      {receipt === undefined ? null : (
        <span class={`ticks ${receipt}`} title={receipt}>
          {" "}
          {TICKS[receipt] ?? receipt}
        </span>
      )}
    </span>
  );
}

function Attachment({ file }: { file: NonNullable<Message["file"]> }) {
  const { name, content_type: type, url } = file;
  if (/^image\/(png|jpeg|gif|webp)$/.test(type)) return <img src={url} alt={name} />;
  // biome-ignore lint/a11y/useMediaCaption: a recording has no captions
  if (type.startsWith("audio/")) return <audio controls src={url} />;
  return (
    <a href={url} download={name}>
      {name}
    </a>
  );
}
