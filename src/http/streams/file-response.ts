import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { RequestError } from "../../core/faults/errors.ts";
import type { AttachmentView } from "../../core/message/attachment.ts";
import type { AdmissionLimit } from "../../core/process/admission-limit.ts";
import { createSlowPeerLimit, type SlowPeerLimit } from "../../core/time/slow-peer-limit.ts";
import { tooMany } from "../server/rate-limit.ts";

/** Opens a stored file, or a part of it; null if it is gone. */
export type OpenFile = (id: string, range?: { start: number; end: number }) => Promise<Readable | null>;

/**
 * Answers with a stored file, or with one requested range of it. Sent files are never run. The content type is the
 * detected one. If a browser shows the file as a page, the page has no rights. @param sender the sender that the open
 * file counts for.
 */
export type SendFile = (
  request: IncomingMessage,
  response: ServerResponse,
  file: AttachmentView,
  sender: string,
) => Promise<void>;

/** The slowest accepted reader. */
const PACE = { bytesPerSecond: 1024, silentMs: 120_000 };
const POLL_MS = 5_000;

/** Types that a browser shows in place without running any of it. All others are saved. */
const SHOWN_INLINE = /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[a-z0-9.+-]+)(;|$)/;

/** @param places maximum number of open files, shared by the senders. */
export function createSendFile(open: OpenFile, places: AdmissionLimit): SendFile {
  return async (request, response, file, sender) => {
    // A client that has already left reads nothing.
    if (response.destroyed) return;
    const leave = places.take(sender, 0);
    if (leave === null)
      throw tooMany("too_many_downloads", "Too many files are being read. Finish some first.", 5);
    response.once("close", leave);
    await answer(request, response, file, open);
  };
}

async function answer(
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
  const patience = createSlowPeerLimit(PACE);
  const look = setInterval(() => {
    if (patience.isOver()) response.destroy();
  }, POLL_MS);
  try {
    await pipeline(content, (chunks) => paced(chunks, patience), response);
  } catch (error) {
    // A reader may leave in the middle of a file.
    if (!response.destroyed) throw error;
  } finally {
    clearInterval(look);
  }
}

/** Passes content on, and records the reader's progress. */
async function* paced(content: AsyncIterable<Buffer>, patience: SlowPeerLimit): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    yield chunk;
    patience.progress(chunk.length);
  }
}

function notStored(file: AttachmentView): RequestError {
  const why = file.error === null ? "" : ` (${file.error})`;
  return new RequestError(409, "attachment_not_stored", `The attachment is ${file.state}${why}.`, {
    details: { state: file.state, error: file.error },
  });
}

/** One range in the format of browsers; null for the whole file, and for an unknown format. */
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
