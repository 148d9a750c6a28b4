import type { Api } from "grammy";
import type { OutboundFile, SendResult } from "../../core/outbound.ts";
import { type TelegramPlace, threadOf } from "./address.ts";
import { readFault, sendResultOf } from "./errors.ts";

/** What grammY calls an abort signal; Node's own fits but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

/**
 * Shows a file, which Telegram fetches from its address (Bot API, "Sending files"). Null where it takes no such file by
 * address, or would not have this one: then a link has to do.
 */
export async function sendFile(
  { api, token }: { api: Api; token: string },
  place: TelegramPlace,
  file: OutboundFile,
  signal: AbortSignal,
): Promise<SendResult | null> {
  const send = senderOf(api, file);
  if (send === null) return null;
  try {
    const message = await send(place.chatId, file.url, threadOf(place), signal as GrammySignal);
    return { kind: "sent", externalIds: [`${place.chatId}:${message.message_id}`] };
  } catch (error) {
    const result = sendResultOf(readFault(error, token));
    return result.kind === "failed" && result.code === "telegram_400" ? null : result;
  }
}

type Sender = (
  chatId: number,
  url: string,
  other: ReturnType<typeof threadOf>,
  signal: GrammySignal,
) => Promise<{ message_id: number }>;

function senderOf(api: Api, { kind, contentType }: OutboundFile): Sender | null {
  const type = contentType?.split(";", 1)[0];
  if (type === "image/gif") return (...call) => api.sendAnimation(...call);
  if (kind === "image") return (...call) => api.sendPhoto(...call);
  if (kind === "video") return (...call) => api.sendVideo(...call);
  if (type === "audio/ogg") return (...call) => api.sendVoice(...call);
  if (kind === "audio") return (...call) => api.sendAudio(...call);
  // Other documents it takes only as an upload.
  return type === "application/pdf" || type === "application/zip"
    ? (...call) => api.sendDocument(...call)
    : null;
}
