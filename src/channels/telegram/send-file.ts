import { type Api, InputFile } from "grammy";
import type { OutboundFile, SendResult } from "../../core/message/outbound.ts";
import { messageIdAt } from "./address.ts";
import { readFault, sendResultOf } from "./errors.ts";
import { type Aim, sendInTopic, type Whereabouts } from "./gone-topic.ts";

/** grammY's type of an abort signal. Node's own signal works but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

/**
 * Sends a file, which Telegram fetches from its URL (Bot API, "Sending files"). Null if Telegram accepts no such file
 * by URL, or refuses this one. Then a link is sent instead.
 */
export async function sendFile(
  { api, token }: { api: Api; token: string },
  { place, part }: Aim,
  file: OutboundFile,
  signal: AbortSignal,
): Promise<SendResult | null> {
  const send = senderOf(api, file);
  if (send === null) return null;
  // Nothing is sent yet, so a file that cannot be read now is no unknown send. The text goes instead.
  const content = await contentOf(file).catch(() => null);
  if (content === null) return null;
  try {
    const { sent, ...told } = await sendInTopic(place, part, token, (where) =>
      send(place.chatId, content, where, signal as GrammySignal),
    );
    return { kind: "sent", externalIds: [messageIdAt(place, sent.message_id)], ...told };
  } catch (error) {
    const result = sendResultOf(readFault(error, token));
    return result.kind === "failed" && result.code === "telegram_400" ? null : result;
  }
}

/** A spoken reply is uploaded. By its URL, Telegram shows only a small sound as a voice message. */
async function contentOf({ url, voice }: OutboundFile): Promise<string | InputFile | null> {
  if (voice === undefined) return url;
  const content = await voice();
  return content === null ? null : new InputFile(content, "voice.ogg");
}

type Sender = (
  chatId: number,
  content: string | InputFile,
  other: Whereabouts,
  signal: GrammySignal,
) => Promise<{ message_id: number }>;

function senderOf(api: Api, { kind, contentType }: OutboundFile): Sender | null {
  const type = contentType?.split(";", 1)[0];
  if (type === "image/gif") return (...call) => api.sendAnimation(...call);
  if (kind === "image") return (...call) => api.sendPhoto(...call);
  if (kind === "video") return (...call) => api.sendVideo(...call);
  if (type === "audio/ogg") return (...call) => api.sendVoice(...call);
  if (kind === "audio") return (...call) => api.sendAudio(...call);
  // Other documents must be uploaded.
  return type === "application/pdf" || type === "application/zip"
    ? (...call) => api.sendDocument(...call)
    : null;
}
