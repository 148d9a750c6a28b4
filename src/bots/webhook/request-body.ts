import type { AttachmentView } from "../../core/attachment.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PromptMessage, Turn, TurnAttachment } from "../bot.ts";
import type { WebhookConfig } from "./config.ts";

/** The version of the protocol in docs/webhook-bot.md. */
export const PROTOCOL_VERSION = 1;

/** A file as an endpoint is told of it; `url` opens it for an hour, without a key. */
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

/** What an endpoint is asked. */
export interface TurnRequest {
  version: typeof PROTOCOL_VERSION;
  type: "turn";
  /** Names this request; another for each attempt. */
  delivery_id: string;
  /** Names the turn; the same for each attempt. */
  execution_id: string;
  agent: { id: string; slug: string; version: number };
  session: { id: string; channel: string; metadata: JsonObject };
  user: { id: string; identifier: string; name: string | null } | null;
  participant_data: JsonObject;
  /** What is to be answered, oldest first. */
  messages: {
    id: string;
    role: "user" | "instruction";
    content: string;
    payload?: string;
    attachments: AttachmentNotice[];
  }[];
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
    user: turn.user && { id: turn.user.id, identifier: turn.user.identifier, name: turn.user.name },
    participant_data: await turn.participantData(),
    messages: turn.input.map(({ messageId, text, payload, instruction, attachments }) => ({
      id: messageId,
      role: instruction ? "instruction" : "user",
      content: text,
      ...(payload === undefined ? {} : { payload }),
      attachments: attachments.map(toNotice),
    })),
    ...(options.history === "recent" && { history: textAlone(await turn.history()) }),
    ...(options.history === "prompt" && { prompt: textAlone(await turn.prompt(options.signal)) }),
  };
}

function toNotice(attachment: TurnAttachment): AttachmentNotice {
  const { id, kind, name, contentType, bytes, state, error, url } = attachment;
  return { id, kind, name, content_type: contentType, bytes, state, error, url };
}

/** Earlier files stand in the text, in words. */
function textAlone(messages: readonly PromptMessage[]): PromptMessage[] {
  return messages.map(({ role, content }) => ({ role, content }));
}
