import { newId } from "../ids.ts";
import { percentDecoded } from "../text/percent-decoded.ts";
import { type AttachmentKind, kindOfType, type OutboundAttachment } from "./attachment.ts";
import { safeFileName } from "./file-name.ts";

/** A file of a reply, in the form in which it is stored and sent. */
export interface SentFile {
  id: string;
  kind: AttachmentKind;
  name: string | null;
  contentType: string | null;
  url: string;
}

/** Content types by file extension, used if the bot gives none. */
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  mp4: "video/mp4",
  mp3: "audio/mpeg",
  m4a: "audio/mp4",
  ogg: "audio/ogg",
  pdf: "application/pdf",
};

/** Converts the bot's files. A file without a URL that can be opened is left out. */
export function toSentFiles(files: readonly OutboundAttachment[]): SentFile[] {
  return files.flatMap(({ url, name, contentType }) => {
    if (!URL.canParse(url)) return [];
    const { protocol, pathname, href } = new URL(url);
    if (protocol !== "https:" && protocol !== "http:") return [];
    const called = safeFileName(name ?? percentDecoded(pathname));
    const extension = /\.([A-Za-z0-9]{1,5})$/.exec(called ?? "")?.[1]?.toLowerCase() ?? "";
    const type = contentType ?? TYPES[extension] ?? null;
    return [{ id: newId(), kind: kindOfType(type), name: called, contentType: type, url: href }];
  });
}

/** A file as text, for a platform that cannot show it. */
export function linkTo({ name, url }: Pick<SentFile, "name" | "url">): string {
  return name === null || name === url ? url : `${name}: ${url}`;
}
