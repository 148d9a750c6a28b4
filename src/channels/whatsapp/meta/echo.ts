import type { OperatorMessage } from "../../../core/message/channel-event.ts";
import { conversationOf, eventKeyOf } from "../inbound.ts";
import { contentOf } from "./content.ts";
import { sentAtOf } from "./context.ts";
import type { MetaEcho } from "./payload.ts";
import { namesOfNumber } from "./people.ts";

/**
 * A message that a person of the business wrote to a user with WhatsApp's own app. App and API share the number (Meta,
 * "Coexistence"). Null if it has no content: a deleted message, a reaction, a group's message.
 */
export function readEcho(echo: MetaEcho, now: Date): [OperatorMessage] | null {
  const content = contentOf(echo);
  const [address] = [
    ...(echo.to === undefined ? [] : namesOfNumber(echo.to)),
    ...(echo.to_user_id === undefined ? [] : [`whatsapp:${echo.to_user_id}`]),
  ];
  // A reaction is no word to the user, and nobody takes a conversation with one.
  if (content === null || echo.type === "reaction") return null;
  if (address === undefined || echo.group_id !== undefined) return null;
  const { text, attachments } = content;
  if (text.trim() === "" && attachments.length === 0) return null;
  const sentAt = sentAtOf(echo, now);
  return [
    {
      type: "operator_message",
      eventKeys: [eventKeyOf(echo.id)],
      externalId: echo.id,
      conversation: conversationOf(address, echo.to_user_id && `whatsapp:${echo.to_user_id}`),
      author: { identifier: echo.from ?? "whatsapp", via: "whatsapp" },
      text,
      ...(attachments.length === 0 ? {} : { attachments }),
      ...(sentAt === undefined ? {} : { sentAt }),
    },
  ];
}
