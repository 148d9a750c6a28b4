import { isUtf8 } from "node:buffer";

const UNKNOWN = "application/octet-stream";
const SOUND = /^audio\/(?!.*(xml|html))/;
/** Types that a browser would execute or render. */
const ACTIVE = /html|xml|svg|script|ecma|mhtml|flash/;

/**
 * Detects the type of a content from its first bytes. If these are unknown, text counts as text. The sender's declared
 * type counts only if no browser would render or execute it.
 */
export async function contentTypeOf(content: Buffer, claimed: string | null): Promise<string> {
  // Imported only on demand: it knows hundreds of formats, and most services never receive a file.
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(content);
  const said = claimed?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isType = /^[a-z]+\/[a-z0-9.+-]{1,100}$/.test(said);
  if (found) return isType && isSoundOf(said, found.mime) ? said : found.mime;
  if (isText(content)) {
    // Its sender calls it a sound. So the user reads that it cannot be heard, and not that it is a text.
    if (isType && SOUND.test(said)) return said;
    const isTextType =
      isType && (said.startsWith("text/") || said === "application/json" || ACTIVE.test(said));
    return isTextType && !said.startsWith("image/") ? said : "text/plain";
  }
  return isType && /^(application|audio|video|font|model)\//.test(said) && !ACTIVE.test(said)
    ? said
    : UNKNOWN;
}

/** Sound may come in a container that also holds films. Only the sender can tell that there are no pictures. */
function isSoundOf(said: string, found: string): boolean {
  return /^(video\/(webm|mp4|ogg)|application\/ogg)$/.test(found) && SOUND.test(said);
}

/** True for UTF-8 without the control characters that never occur in text. */
function isText(content: Buffer): boolean {
  if (!isUtf8(content)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for them
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(content.subarray(0, 4096).toString("latin1"));
}
