import type { WebClient } from "@slack/web-api";
import type { OutboundFile, SendResult } from "../../core/message/outbound.ts";
import type { SlackPlace } from "./address.ts";
import { readFault, type SlackFault, sendResultOf } from "./errors.ts";
import type { SlackWebApi } from "./web-api.ts";

/** The name of the file of a spoken reply. */
export const VOICE_FILE = "voice.ogg";
const TITLE = "Voice message";

/**
 * Uploads a spoken reply into its thread (files.getUploadURLExternal and files.completeUploadExternal, scope
 * `files:write`). Null: nothing is shown, and Slack takes no upload here. Then the text is sent.
 */
export async function sendVoice(
  client: WebClient,
  { channel, threadTs }: SlackPlace,
  { voice }: OutboundFile,
  upload: SlackWebApi["upload"],
): Promise<SendResult | null> {
  // Only messages may be addressed to a person. An upload needs the conversation.
  if (voice === undefined || /^[UW]/.test(channel)) return null;
  const content = await voice().catch(() => null);
  if (content === null || content.length === 0) return null;
  let id: string;
  try {
    const place = await client.files.getUploadURLExternal({ filename: VOICE_FILE, length: content.length });
    if (place.upload_url === undefined || place.file_id === undefined) return null;
    id = place.file_id;
    await upload(place.upload_url, content);
  } catch (error) {
    return waiting(readFault(error));
  }
  try {
    const thread = threadTs === null ? {} : { thread_ts: threadTs };
    await client.files.completeUploadExternal({
      files: [{ id, title: TITLE }],
      channel_id: channel,
      ...thread,
    });
    // Slack posts the message later, and does not tell its timestamp.
    return { kind: "sent", externalIds: [`${channel}:${id}`] };
  } catch (error) {
    const fault = readFault(error);
    return fault.kind === "refused" ? null : sendResultOf(fault);
  }
}

/** The file is nowhere yet, so the text may go at once. A limit, or a network that is down, would hold the text up too. */
function waiting(fault: SlackFault): SendResult | null {
  return fault.kind === "rate_limited" || fault.kind === "not_sent" ? sendResultOf(fault) : null;
}
