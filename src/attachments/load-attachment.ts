import type { AttachmentSource } from "../channels/channel.ts";
import { kindOfType } from "../core/attachment.ts";
import type { Logger } from "../core/logger.ts";
import { timeLimit } from "../core/time-limit.ts";
import type { AttachmentRepository, ClaimedAttachment } from "./attachment-repository.ts";
import { contentTypeOf } from "./content-type.ts";
import { download, tooLarge } from "./download.ts";
import type { FileStore } from "./file-store.ts";

export interface LoadDeps {
  repository: Pick<AttachmentRepository, "stored" | "notStored">;
  store: FileStore;
  /** Where a file is, asked from its channel. */
  source(attachment: ClaimedAttachment, signal: AbortSignal): Promise<AttachmentSource>;
  /** The largest file that is kept. */
  limitBytes: number;
  signal: AbortSignal;
  log: Logger;
}

/** How long finding and loading one file may take, milliseconds. */
const TIMEOUT_MS = 60_000;
/** When a claim is presumed dead: longer than loading and storing may take. */
export const LOAD_LEASE_MS = 150_000;

/** Waits between tries, milliseconds; when they are used up, the file has failed. */
const BACKOFF_MS = [1_000, 5_000, 30_000, 120_000];
/** Where it is here that the file cannot be kept: nearly four hours, to make room on a disk or mend a bucket. */
const UNKEPT_BACKOFF_MS = [...BACKOFF_MS, 600_000, 1_800_000, 3_600_000, 7_200_000];
/** For people: why a file that was loaded is not here. What the disk or the bucket said is the operator's. */
const UNKEPT = "it could not be kept here";

/** Loads one claimed file and records how that ended. Rejects only where the record could not be made. */
export async function loadAttachment(deps: LoadDeps, attachment: ClaimedAttachment): Promise<void> {
  const { repository, store, log } = deps;
  const { id, attempts } = attachment;
  const notStored = (reason: string, retryInMs: number | null) => {
    log.warn({ attachment_id: id, reason, retry_in_ms: retryInMs }, "a file was not loaded");
    return repository.notStored(id, attempts, { reason, retryInMs });
  };
  const loaded = await load(deps, attachment);
  if (loaded.kind === "failed") {
    // A file that could not be kept has been tried more often than one that could not be had ever is.
    const waits = attachment.error === UNKEPT ? UNKEPT_BACKOFF_MS : BACKOFF_MS;
    const backoff = loaded.retry ? waits[attempts - 1] : undefined;
    return notStored(loaded.reason, backoff === undefined ? null : Math.max(backoff, loaded.afterMs ?? 0));
  }
  const { content, contentType } = loaded;
  try {
    await store.write(id, content, contentType);
  } catch {
    // Told where the store is watched; of this file everybody sees it.
    return notStored(UNKEPT, UNKEPT_BACKOFF_MS[attempts - 1] ?? null);
  }
  const kind = kindOfType(contentType);
  const kept = await repository.stored(id, { kind, contentType, bytes: content.length });
  // Deleted meanwhile, with its session: nobody would come back for the content.
  if (!kept) await store.erase(id);
  log.debug({ attachment_id: id, bytes: content.length, content_type: contentType }, "a file was loaded");
}

type Loaded =
  | { kind: "loaded"; content: Buffer; contentType: string }
  | { kind: "failed"; reason: string; retry: boolean; afterMs?: number };

async function load(deps: LoadDeps, attachment: ClaimedAttachment): Promise<Loaded> {
  const { limitBytes } = deps;
  // What says itself that it is too large need not be asked for.
  if ((attachment.bytes ?? 0) > limitBytes) {
    return { kind: "failed", reason: tooLarge(limitBytes), retry: false };
  }
  const signal = AbortSignal.any([deps.signal, timeLimit(TIMEOUT_MS)]);
  const source = await deps.source(attachment, signal);
  if (source.kind === "failed") return source;
  const downloaded = await download(source, { bytes: limitBytes, signal });
  if (downloaded.kind === "failed") return downloaded;
  const { content } = downloaded;
  const contentType = await contentTypeOf(content, attachment.contentType ?? downloaded.contentType);
  return { kind: "loaded", content, contentType };
}
