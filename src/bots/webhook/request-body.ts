import type { AttachmentView } from "../../core/message/attachment.ts";
import {
  type ContextFields,
  contextFields,
  type MessageContext,
} from "../../core/message/message-context.ts";
import { withContextInWords } from "../../core/message/message-in-words.ts";
import { openingRequest } from "../../core/message/opening-request.ts";
import type { JsonObject } from "../../core/text/json.ts";
import type { PromptMessage, Turn, TurnAttachment, TurnInput } from "../bot.ts";
import type { WebhookConfig } from "./config.ts";

/** The version of the protocol in docs/webhook-bot.md. */
export const PROTOCOL_VERSION = 1;

/** A file as an endpoint receives it. `url` opens it for one hour, without a key. */
interface AttachmentNotice {
  id: string;
  kind: AttachmentView["kind"];
  name: string | null;
  content_type: string | null;
  bytes: number | null;
  state: AttachmentView["state"];
  error: string | null;
  url: string | null;
}

/** The body of a request to an endpoint. */
export interface TurnRequest {
  version: typeof PROTOCOL_VERSION;
  type: "turn";
  /** Id of this request; different for each attempt. */
  delivery_id: string;
  /** Id of the turn; the same for each attempt. */
  execution_id: string;
  agent: { id: string; slug: string; version: number };
  session: { id: string; channel: string; metadata: JsonObject };
  user: { id: string; identifier: string; name: string | null; language: string | null } | null;
  participant_data: JsonObject;
  /** The messages to answer, oldest first. */
  messages: ({
    id: string;
    role: "user" | "instruction";
    /** The text with its writer and its references as words. */
    content: string;
    /** The user's own text, if it differs from `content`. */
    text?: string;
    payload?: string;
    /** The data behind the words: `location`, `contacts` or `reaction`. */
    details?: JsonObject;
    attachments: AttachmentNotice[];
  } & Partial<ContextFields>)[];
  history?: PromptMessage[];
  prompt?: PromptMessage[];
}

export async function turnRequest(
  turn: Turn,
  options: { history: WebhookConfig["history"]; deliveryId: string; signal: AbortSignal },
): Promise<TurnRequest> {
  const { id, channel, metadata } = turn.session;
  return {
    version: PROTOCOL_VERSION,
    type: "turn",
    delivery_id: options.deliveryId,
    execution_id: turn.executionId,
    agent: turn.agent,
    session: { id, channel, metadata },
    user: turn.user && {
      id: turn.user.id,
      identifier: turn.user.identifier,
      name: turn.user.name,
      language: await turn.language(),
    },
    participant_data: await turn.participantData(),
    messages: turn.input.map(toMessage),
    ...(options.history === "recent" && { history: textAlone(await turn.history()) }),
    ...(options.history === "prompt" && { prompt: textAlone(await turn.prompt(options.signal)) }),
  };
}

function toMessage(input: TurnInput): TurnRequest["messages"][number] {
  const { messageId, text, context, payload, details, instruction, isOpeningRequest, attachments } = input;
  const content = isOpeningRequest ? openingRequest(text) : withContextInWords(text, context);
  return {
    id: messageId,
    role: instruction ? "instruction" : "user",
    content,
    ...(context === undefined ? {} : { ...(content === text ? {} : { text }), ...known(context) }),
    ...(payload === undefined ? {} : { payload }),
    ...(details === undefined ? {} : { details }),
    attachments: attachments.map(toNotice),
  };
}

/** The known context of a message: writer, time and references. Most messages have none. */
function known(context: MessageContext): Partial<ContextFields> {
  const { author, sent_at, reply_to, forwarded_from, references } = contextFields(context);
  return {
    ...(author === null ? {} : { author }),
    ...(sent_at === null ? {} : { sent_at }),
    ...(reply_to === null ? {} : { reply_to }),
    ...(forwarded_from === null ? {} : { forwarded_from }),
    ...(references.length === 0 ? {} : { references }),
  };
}

function toNotice(attachment: TurnAttachment): AttachmentNotice {
  const { id, kind, name, contentType, bytes, state, error, url } = attachment;
  return { id, kind, name, content_type: contentType, bytes, state, error, url };
}

/** Removes files of earlier messages, because the text already describes them. */
function textAlone(messages: readonly PromptMessage[]): PromptMessage[] {
  return messages.map(({ role, content }) => ({ role, content }));
}
