import { isUtf8 } from "node:buffer";

const UNKNOWN = "application/octet-stream";
/** What a browser would run, or lay out, if it were told that this is it. */
const ACTIVE = /html|xml|svg|script|ecma|mhtml|flash/;

/**
 * What a content is. Its first bytes decide; where they say nothing, text is what reads as text, and what the sender
 * said counts only where nobody would draw or run it for that.
 */
export async function contentTypeOf(content: Buffer, claimed: string | null): Promise<string> {
  // Only now: it knows hundreds of formats, and most services never see a file.
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(content);
  if (found) return found.mime;
  const said = claimed?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isType = /^[a-z]+\/[a-z0-9.+-]{1,100}$/.test(said);
  if (isText(content)) {
    const isTextType =
      isType && (said.startsWith("text/") || said === "application/json" || ACTIVE.test(said));
    return isTextType && !said.startsWith("image/") ? said : "text/plain";
  }
  return isType && /^(application|audio|video|font|model)\//.test(said) && !ACTIVE.test(said)
    ? said
    : UNKNOWN;
}

/** UTF-8 without the control characters that no text has. */
function isText(content: Buffer): boolean {
  if (!isUtf8(content)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(content.subarray(0, 4096).toString("latin1"));
}
