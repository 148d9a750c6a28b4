import { Markdown } from "../../web-chat/markdown/markdown.tsx";
import { memo } from "../../web-chat/view/memo.ts";
import type { Message, Origin } from "../server/wire.ts";
import { Link } from "../shell/link.tsx";
import { times } from "../shell/times.ts";
import { DeliveryActions, isTroubled } from "../trouble/delivery-actions.tsx";
import { RetryTurn } from "../trouble/retry-turn.tsx";
import { Buttons, Files, Ratings } from "./extras.tsx";
import { type Records, stateLine } from "./state-line.ts";
import { Why } from "./why.tsx";

/** Messages that no person and no bot wrote to the other. They are shown small. */
const ASIDES: Partial<Record<Origin, string>> = {
  instruction: "Instruction to the bot",
  tool: "A tool's answer",
  command: "Command",
  notice: "Said by the service",
};

/** A message with its files, its buttons, and its state. */
export const MessageView = memo(function MessageView(props: {
  message: Message;
  records: Records;
  /** The author's name. */
  author: string;
  /** True if the message before it has another author. */
  isFirst: boolean;
  /** The address that leads to this message. */
  href: string;
  /** True if the address led here. */
  isTarget: boolean;
  /** True if it is the newest message that the bot is to answer. */
  isNewestAsked: boolean;
}) {
  const { message, records, author, isFirst, href, isTarget, isNewestAsked } = props;
  const aside = ASIDES[message.origin];
  const line = stateLine(message, records);
  const side = aside !== undefined ? "aside" : message.role === "user" ? "theirs" : "ours assistant";
  return (
    <article
      class={`message ${side} ${message.origin} ${isFirst ? "first" : ""}`}
      aria-label={`${aside ?? author}, ${times.time(message.created_at)}`}
      aria-current={isTarget ? "location" : undefined}
      data-seq={message.seq}
      tabIndex={isTarget ? -1 : undefined}
    >
      {(isFirst || aside !== undefined) && <Author name={aside ?? author} message={message} href={href} />}
      {message.content !== "" && <Body message={message} isAside={aside !== undefined} />}
      {message.attachments.length > 0 && <Files attachments={message.attachments} />}
      {message.buttons.length > 0 && <Buttons buttons={message.buttons} />}
      {records.feedback.length > 0 && <Ratings feedback={records.feedback} />}
      {message.origin !== "tool" && <Why messageId={message.id} line={line} />}
      {isNewestAsked && records.execution !== null && <RetryTurn turn={records.execution} />}
      {records.deliveries.filter(isTroubled).map((delivery) => (
        <DeliveryActions
          key={delivery.id}
          delivery={delivery}
          of={records.deliveries.length > 1 ? `, part ${delivery.part + 1}` : ""}
        />
      ))}
    </article>
  );
});

function Author({ name, message, href }: { name: string; message: Message; href: string }) {
  const { origin, created_at: at } = message;
  return (
    <p class="author">
      <span dir="auto">{name}</span>
      {origin === "operator" && <span class="chip person">Person</span>}
      <Link href={href} title="Link to this message">
        <time dateTime={at} title={times.full(at)}>
          {times.time(at)}
        </time>
      </Link>
    </p>
  );
}

function Body({ message: { role, content }, isAside }: { message: Message; isAside: boolean }) {
  return (
    <div class="body" dir="auto">
      {role === "assistant" && !isAside ? <Markdown text={content} /> : content}
    </div>
  );
}
