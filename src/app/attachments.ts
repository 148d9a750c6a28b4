import { createAttachmentRepository } from "../attachments/attachment-repository.ts";
import { createErasureRepository } from "../attachments/erasure-repository.ts";
import { createFileBucket } from "../attachments/file-bucket.ts";
import { createFileDirectory } from "../attachments/file-directory.ts";
import { createFileErasure } from "../attachments/file-erasure.ts";
import { type FileStore, readWhole } from "../attachments/file-store.ts";
import { createAttachmentLinks } from "../attachments/links.ts";
import { LOAD_LEASE_MS, loadAttachment } from "../attachments/load-attachment.ts";
import { createLoader } from "../attachments/loader.ts";
import { sourceOf } from "../attachments/platform-source.ts";
import { createUploadRepository, type UnsentBytes } from "../attachments/upload-repository.ts";
import { keepUpload, type NewUpload } from "../attachments/uploads.ts";
import { watchFileStore } from "../attachments/watched-store.ts";
import type { TurnAttachment } from "../bots/bot.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { FileStorePlace } from "../config/file-store-place.ts";
import type { Settings } from "../config/settings.ts";
import { newId } from "../core/ids.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import { createAdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import type { ReconcilerStep } from "../core/process/reconciler.ts";
import { createSendFile } from "../http/streams/file-response.ts";
import { createOwnClaims } from "../storage/own-claims.ts";
import type { Engine } from "./engine.ts";

export interface AttachmentPartsDeps {
  engine: Pick<Engine, "database" | "alone" | "linkKey">;
  channels: ChannelDirectory;
  settings: Pick<Settings, "attachments" | "publicUrl">;
  /** Maximum number of files read over HTTP at the same time. */
  mostDownloads: number;
  /** Maximum amount that visitors may upload without sending it. Some files of the largest size are always allowed. */
  unsent: UnsentBytes;
  onFailedWrite(): void;
  log: Logger;
}

/** A turn waits this long for the files of its messages, milliseconds. */
const PATIENCE_MS = 10_000;

export type AttachmentParts = ReturnType<typeof createAttachmentParts>;

/** Wires files: from the platform to the file store, and from there to bots and callers. */
export function createAttachmentParts(deps: AttachmentPartsDeps) {
  const { channels, settings, log } = deps;
  const { pool } = deps.engine.database;
  const { place, limitBytes, keepDays } = settings.attachments;
  const repository = createAttachmentRepository(pool, { owner: newId(), leaseMs: LOAD_LEASE_MS });
  const uploads = createUploadRepository(pool, {
    perVisitor: Math.max(deps.unsent.perVisitor, 2 * limitBytes),
    perAddress: Math.max(deps.unsent.perAddress, 4 * limitBytes),
  });
  const store = watchFileStore(createFileStore(place), deps);
  const erasure = createFileErasure({ erasures: createErasureRepository(pool), store, keepDays });
  const links = createAttachmentLinks({
    key: deps.engine.linkKey,
    publicUrl: settings.publicUrl.url,
    now: Date.now,
  });
  const stopping = new AbortController();

  const loader = createLoader({
    repository,
    claims: createOwnClaims(repository),
    load: (attachment) =>
      loadAttachment(
        {
          repository,
          store,
          source: (file, signal) => sourceOf(channels, file, signal),
          limitBytes,
          signal: stopping.signal,
          log,
        },
        attachment,
      ),
    log,
  });

  const forBot = (view: AttachmentView): TurnAttachment => ({
    ...view,
    url: view.state === "stored" ? links.linkTo(view.id) : null,
    content: () => readWhole(store, view.id),
  });

  const steps: ReconcilerStep[] = [
    { name: "files to load", run: loader.loadDue },
    { name: "files that were kept long enough", run: erasure.sweepHourly },
    { name: "files to erase", run: erasure.erase },
  ];

  return {
    uploads: {
      find: repository.find,
      keep: (upload: NewUpload) => keepUpload({ uploads, repository, store }, upload),
      limitBytes,
    },
    openFile: store.open,
    read: (id: string) => readWhole(store, id),
    sendFile: createSendFile(store.open, createAdmissionLimit({ count: deps.mostDownloads, bytes: 0 })),
    /** The reason why files cannot be stored, as far as this process knows; null if no problem is known. */
    lastError: store.lastError,
    links,
    steps,
    /** Erases files after their retention time, and uploads that were never sent. */
    sweep: erasure.sweep,
    forBot,
    /** The files of messages for a bot, by message. A file still loading after a while is passed on as pending. */
    async ofMessages(
      messageIds: readonly string[],
      signal: AbortSignal,
    ): Promise<Map<string, TurnAttachment[]>> {
      const found = await loader.loadAll(messageIds, { timeoutMs: PATIENCE_MS, signal });
      return new Map([...found].map(([id, views]) => [id, views.map(forBot)]));
    },
    async start(): Promise<void> {
      // No other process can be alive, so no process loads the files marked as loading.
      if (deps.engine.alone) await repository.releaseAll();
    },
    /** Stops loading files. Another process loads them later. */
    async stop(): Promise<void> {
      stopping.abort();
      await loader.drain();
    },
  };
}

function createFileStore(place: FileStorePlace): FileStore {
  return place.kind === "directory" ? createFileDirectory(place.path) : createFileBucket(place);
}
