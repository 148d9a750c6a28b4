import type { AttachmentSource } from "../channels/channel.ts";
import { kindOfType } from "../core/message/attachment.ts";
import type { Logger } from "../core/process/logger.ts";
import { timeLimit } from "../core/time/time-limit.ts";
import type { AttachmentRepository, ClaimedAttachment } from "./attachment-repository.ts";
import { contentTypeOf } from "./content-type.ts";
import { download, tooLarge } from "./download.ts";
import type { FileStore } from "./file-store.ts";

export interface LoadDeps {
  repository: Pick<AttachmentRepository, "stored" | "notStored">;
  store: FileStore;
  /** Asks the channel for the location of a file. */
  source(attachment: ClaimedAttachment, signal: AbortSignal): Promise<AttachmentSource>;
  /** Maximum size of a file. */
  limitBytes: number;
  signal: AbortSignal;
  log: Logger;
}

/** Time limit to find and load one file, in milliseconds. */
const TIMEOUT_MS = 60_000;
/** A claim expires after this time, in milliseconds. It is longer than loading and storing may take. */
export const LOAD_LEASE_MS = 150_000;

/** Waits between attempts, in milliseconds. After the last one, the file has failed. */
const BACKOFF_MS = [1_000, 5_000, 30_000, 120_000];
/**
 * Waits if the file cannot be stored here. They take almost four hours, enough time to free disk space or repair a
 * bucket.
 */
const STORE_BACKOFF_MS = [...BACKOFF_MS, 600_000, 1_800_000, 3_600_000, 7_200_000];
/** The reason for people why a loaded file is missing. The error of the disk or the bucket is only for the operator. */
const STORE_FAILED = "it could not be kept here";

/** Loads one claimed file and records the result. Rejects only if the record fails. */
export async function loadAttachment(deps: LoadDeps, attachment: ClaimedAttachment): Promise<void> {
  const { repository, store, log } = deps;
  const { id, attempts } = attachment;
  const notStored = (reason: string, retryInMs: number | null) => {
    log.warn({ attachment_id: id, reason, retry_in_ms: retryInMs }, "a file was not loaded");
    return repository.notStored(id, attempts, { reason, retryInMs });
  };
  const loaded = await load(deps, attachment);
  if (loaded.kind === "failed") {
    // A file that cannot be stored gets more attempts than one that cannot be loaded.
    const waits = attachment.error === STORE_FAILED ? STORE_BACKOFF_MS : BACKOFF_MS;
    const backoff = loaded.retry ? waits[attempts - 1] : undefined;
    return notStored(loaded.reason, backoff === undefined ? null : Math.max(backoff, loaded.afterMs ?? 0));
  }
  const { content, contentType } = loaded;
  try {
    await store.write(id, content, contentType);
  } catch {
    // `watchFileStore` reports the store's error. Everyone sees only this text for the file.
    return notStored(STORE_FAILED, STORE_BACKOFF_MS[attempts - 1] ?? null);
  }
  const kind = kindOfType(contentType);
  const isRecorded = await repository.stored(id, { kind, contentType, bytes: content.length });
  // The file was deleted meanwhile, with its session. Nothing would erase the content later.
  if (!isRecorded) await store.erase(id);
  log.debug({ attachment_id: id, bytes: content.length, content_type: contentType }, "a file was loaded");
}

type Loaded =
  | { kind: "loaded"; content: Buffer; contentType: string }
  | { kind: "failed"; reason: string; retry: boolean; afterMs?: number };

async function load(deps: LoadDeps, attachment: ClaimedAttachment): Promise<Loaded> {
  const { limitBytes } = deps;
  // If the declared size is too large, do not request the file.
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
