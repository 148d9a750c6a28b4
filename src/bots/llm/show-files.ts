import type { FilePart, ImagePart, TextPart } from "ai";
import type { PromptMessage, TurnAttachment } from "../bot.ts";
import type { LlmConfig } from "./config.ts";

/** A message with the files that the model receives with its text. */
export type ShownMessage = Omit<PromptMessage, "attachments"> & { files?: readonly ShownFile[] };
type ShownFile = ImagePart | FilePart | TextPart;

/** Maximum number of files in one prompt, and of their bytes together. Older files beyond that stay words. */
const MOST_FILES = 8;
const MOST_BYTES = 15_000_000;
/** Maximum length of a text file that is included, in UTF-16 code units. */
const TEXT_LIMIT = 50_000;

const IMAGES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXTS = /^(text\/|application\/(json|csv|yaml)$)/;

/** The prompt with its files in the configured form. If not all fit, the newest files come first. */
export async function showFiles(
  messages: readonly PromptMessage[],
  config: Pick<LlmConfig, "attachments" | "provider">,
): Promise<ShownMessage[]> {
  const shown: ShownMessage[] = [];
  let room = { files: MOST_FILES, bytes: MOST_BYTES };
  for (const { role, content, attachments = [] } of messages.toReversed()) {
    if (role !== "user" || attachments.length === 0 || config.attachments === "words") {
      shown.push({ role, content });
    } else if (config.attachments === "links") {
      shown.push({ role, content: withLinks(content, attachments) });
    } else {
      const files: ShownFile[] = [];
      for (const attachment of attachments) {
        const bytes = attachment.bytes ?? 0;
        if (attachment.heard) continue;
        if (room.files === 0 || bytes > room.bytes) continue;
        const file = await toFile(attachment, config.provider);
        if (file === null) continue;
        files.push(file);
        room = { files: room.files - 1, bytes: room.bytes - bytes };
      }
      shown.push({ role, content, ...(files.length > 0 && { files }) });
    }
  }
  return shown.reverse();
}

/** The same without files, for a model that cannot read any. */
export function withoutFiles(messages: readonly ShownMessage[]): ShownMessage[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

function withLinks(content: string, attachments: readonly TurnAttachment[]): string {
  return [content, ...attachments.flatMap(({ url }) => url ?? [])].join("\n");
}

/** Null for a file that models cannot receive; the message text describes it. */
async function toFile(
  attachment: TurnAttachment,
  provider: LlmConfig["provider"],
): Promise<ShownFile | null> {
  const type = attachment.contentType?.split(";", 1)[0] ?? "";
  const isText = TEXTS.test(type) && (attachment.bytes ?? 0) <= TEXT_LIMIT;
  const isMedia =
    IMAGES.has(type) || type === "application/pdf" || (provider === "google" && /^audio\//.test(type));
  const content = isText || isMedia ? await attachment.content() : null;
  if (content === null) return null;
  if (isText) return { type: "text", text: `Content of ${attachment.name ?? "the file"}:\n${content}` };
  if (IMAGES.has(type)) return { type: "image", image: content, mediaType: type };
  const name = attachment.name === null ? {} : { filename: attachment.name };
  return { type: "file", data: content, mediaType: type, ...name };
}
