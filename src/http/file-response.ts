import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AttachmentView } from "../core/attachment.ts";
import { RequestError } from "../core/errors.ts";

/** Opens a stored file, or a part of it; null where it is gone. */
export type OpenFile = (id: string, range?: { start: number; end: number }) => Promise<Readable | null>;

/** What a browser shows in place without being able to run any of it; everything else is saved. */
const SHOWN_INLINE = /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[a-z0-9.+-]+)(;|$)/;

/**
 * Answers with a stored file, or the one range of it that was asked for. What people sent is never run: the content type
 * is the one that was found, and a page made of it would have no rights at all.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: AttachmentView,
  open: OpenFile,
): Promise<void> {
  if (file.state !== "stored" || file.bytes === null) throw notStored(file);
  const range = rangeOf(request.headers.range, file.bytes);
  if (range === "unsatisfiable") {
    throw new RequestError(416, "range_not_satisfiable", `The file has ${file.bytes} bytes.`, {
      headers: { "Content-Range": `bytes */${file.bytes}` },
    });
  }
  const content = request.method === "HEAD" ? null : await open(file.id, range ?? undefined);
  if (content === null && request.method !== "HEAD") throw notStored(file);
  const contentType = file.contentType ?? "application/octet-stream";
  response.writeHead(range === null ? 200 : 206, {
    "Content-Type": contentType,
    "Content-Length": range === null ? file.bytes : range.end - range.start + 1,
    "Content-Disposition": disposition(SHOWN_INLINE.test(contentType), file.name),
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Accept-Ranges": "bytes",
    ...(range && { "Content-Range": `bytes ${range.start}-${range.end}/${file.bytes}` }),
  });
  if (content === null) return void response.end();
  await pipeline(content, response).catch((error: unknown) => {
    // A reader may leave in the middle of a file.
    if (!response.destroyed) throw error;
  });
}

function notStored(file: AttachmentView): RequestError {
  const why = file.error === null ? "" : ` (${file.error})`;
  return new RequestError(409, "attachment_not_stored", `The attachment is ${file.state}${why}.`, {
    details: { state: file.state, error: file.error },
  });
}

/** One range as browsers ask for it; null for the whole file, also where what is asked for is none we know. */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | null {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return null;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}

function disposition(inline: boolean, name: string | null): string {
  const how = inline ? "inline" : "attachment";
  if (name === null) return how;
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );
  return `${how}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
