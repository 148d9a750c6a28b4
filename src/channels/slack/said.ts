import { kindOfType } from "../../core/message/attachment.ts";
import type { InboundAttachment, MessageReference } from "../../core/message/inbound-message.ts";
import { toFileId } from "./files.ts";
import type { SlackAttachment, SlackContent, SlackFile } from "./message.ts";
import { firstName } from "./people.ts";
import { blocksInWords, tablesInWords } from "./rich-text.ts";

/**
 * A person's text in Slack's notation: the text, or the blocks if the text is empty. Pasted tables are added, which
 * Slack attaches below the message.
 */
export function writtenText({ text, blocks = [], attachments = [] }: SlackContent): string {
  const words = text?.trim() ? text : blocksInWords(blocks);
  const pasted = attachments.filter((each) => !each.is_share && !each.from_url);
  const tables = [blocks, ...pasted.map((each) => each.blocks ?? [])].flatMap(tablesInWords);
  return [words, ...tables].filter((part) => part.trim() !== "").join("\n\n");
}

/** The messages forwarded with a message. The preview of a link is not one, because the URL already says the same. */
export function forwardsIn({ attachments = [] }: SlackContent): SlackAttachment[] {
  return attachments.filter((each) => each.is_share === true);
}

/** The text of a forwarded message, in Slack's notation. */
export function forwardedText(forward: SlackAttachment): string {
  const { text, fallback, blocks = [], message_blocks: messages = [] } = forward;
  const inside = messages.flatMap(({ message }) => message.blocks ?? []);
  const words = firstName([text, blocksInWords(inside), blocksInWords(blocks)]);
  const tables = [...inside, ...blocks].length === 0 ? [] : tablesInWords([...inside, ...blocks]);
  const said = [words ?? "", ...tables].filter((part) => part !== "").join("\n\n");
  return said === "" && fallback != null && !NO_PREVIEW.test(fallback) ? fallback : said;
}

const NO_PREVIEW = /^\[.*\]$/;

/** The files of a message and of the messages forwarded with it. */
export function filesOf(team: string | null, content: SlackContent): InboundAttachment[] {
  const files = [content, ...forwardsIn(content)].flatMap((each) => each.files ?? []);
  const known = new Set<string>();
  return files.filter(({ id }) => !known.has(id) && known.add(id)).map((file) => toAttachment(team, file));
}

function toAttachment(team: string | null, file: SlackFile): InboundAttachment {
  // Slack gives some voice messages the type of a video.
  const type = file.subtype === "slack_audio" ? file.mimetype?.replace(/^video\//, "audio/") : file.mimetype;
  return {
    kind: kindOfType(type),
    platformId: toFileId(team, file.id),
    ...(file.name == null ? {} : { name: file.name }),
    ...(type == null ? {} : { contentType: type }),
    ...(file.size == null ? {} : { bytes: file.size }),
  };
}

/** A Slack message that another message refers to. */
export function referenceTo(
  kind: MessageReference["kind"],
  message: { channel?: string | null | undefined; ts?: string | null | undefined },
  author: string | null,
  text: string,
): MessageReference {
  const { channel, ts } = message;
  return {
    kind,
    ...(author === null ? {} : { author }),
    ...(text.trim() === "" ? {} : { text }),
    ...(channel && ts ? { externalId: `${channel}:${ts}` } : {}),
  };
}

/** The time of a message. A Slack timestamp names a message and contains its time. */
export function sentAt(ts: string): { sentAt?: Date } {
  return /^\d{1,12}\.\d{1,9}$/.test(ts) ? { sentAt: new Date(Number(ts) * 1000) } : {};
}
