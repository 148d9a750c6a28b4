import { agentName, useNames } from "../live/names.ts";
import type { Message } from "../server/wire.ts";
import { times } from "../shell/times.ts";
import { userName } from "../shell/user-name.ts";
import type { Conversation } from "./conversation.ts";
import { MessageView } from "./message.tsx";
import type { Records } from "./state-line.ts";

const NO_RECORDS: Records = { deliveries: [], execution: null, feedback: [] };

/** The loaded messages, with a line above each day. */
export function MessageList(props: {
  conversation: Conversation;
  records: ReadonlyMap<string, Records>;
  /** The `seq` of the message that is brought into view; null: the newest one. */
  at: number | null;
  hrefOf: (seq: number) => string;
}) {
  const { conversation, records, at, hrefOf } = props;
  const { session, messages } = conversation;
  const bot = agentName(useNames(), session.agent_id);
  const newestAsked = newestAskedOf(conversation);
  return (
    <>
      {messages.map((message, index) => {
        const previous = messages[index - 1];
        const day = times.day(message.created_at);
        const isNewDay = previous === undefined || times.day(previous.created_at) !== day;
        return [
          isNewDay && (
            <p class="day" key={`day ${message.id}`}>
              {day}
            </p>
          ),
          <MessageView
            key={message.id}
            message={message}
            records={records.get(message.id) ?? NO_RECORDS}
            author={authorOf(message, conversation, bot)}
            href={hrefOf(message.seq)}
            isTarget={message.seq === at}
            isNewestAsked={message.id === newestAsked}
            isFirst={isNewDay || previous?.origin !== message.origin || isApart(previous, message)}
          />,
        ];
      })}
    </>
  );
}

/** The newest message that the bot is to answer. It is unknown while later messages are not loaded. */
function newestAskedOf({ messages, hasLater }: Conversation): string | undefined {
  if (hasLater) return undefined;
  return messages.findLast(({ role, origin }) => role === "user" || origin === "instruction")?.id;
}

function authorOf({ role, origin, author }: Message, { user }: Conversation, bot: string): string {
  if (role !== "user" && origin !== "operator") return bot;
  return author?.name ?? (role === "user" ? userName(user) : "A person");
}

const APART_MS = 5 * 60_000;

/** The next message gets a separate heading after a while, or if another person wrote it. */
function isApart(previous: Message, message: Message): boolean {
  const gap = new Date(message.created_at).getTime() - new Date(previous.created_at).getTime();
  return gap > APART_MS || previous.author?.name !== message.author?.name;
}
