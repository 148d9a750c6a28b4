import type { TurnAttachment } from "../bots/bot.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { newId } from "../core/ids.ts";
import type { AttachmentView } from "../core/message/attachment.ts";
import type { Logger } from "../core/process/logger.ts";
import type { ReconcilerStep } from "../core/process/reconciler.ts";
import type { Database } from "../storage/database.ts";
import { createOwnClaims } from "../storage/own-claims.ts";
import { createAttachmentRepository } from "./attachment-repository.ts";
import { createErasureRepository } from "./erasure-repository.ts";
import { createFileErasure } from "./file-erasure.ts";
import { type FileStore, readWhole } from "./file-store.ts";
import { createAttachmentLinks } from "./links.ts";
import { LOAD_LEASE_MS, type LoadDeps, loadAttachment } from "./load-attachment.ts";
import { createLoader } from "./loader.ts";
import { sourceOf } from "./platform-source.ts";
import { createUploadRepository, type UnsentBytes } from "./upload-repository.ts";
import { keepUpload, type NewUpload } from "./uploads.ts";

export interface AttachmentStageDeps {
  /** `alone`: no other process can load files. `linkKey` signs links, and is the same on all processes. */
  base: { database: Pick<Database, "pool">; alone: boolean; linkKey: Buffer; log: Logger };
  channels: ChannelDirectory;
  store: FileStore;
  limits: {
    /** Maximum size of a file, bytes. */
    limitBytes: number;
    keepDays: number | null;
    /** Maximum amount that may be uploaded without being sent. Some files of the largest size are always allowed. */
    unsent: UnsentBytes;
  };
  publicUrl: string;
}

/** A turn waits this long for the files of its messages, milliseconds. */
const PATIENCE_MS = 10_000;

export type AttachmentStage = ReturnType<typeof createAttachmentStage>;

/** Files: from the platform to the file store, and from there to bots and callers. */
export function createAttachmentStage({ base, channels, store, limits, publicUrl }: AttachmentStageDeps) {
  const { alone, linkKey, log } = base;
  const { pool } = base.database;
  const { limitBytes, keepDays } = limits;
  const repository = createAttachmentRepository(pool, { owner: newId(), leaseMs: LOAD_LEASE_MS });
  const uploads = createUploadRepository(pool, unsentLimits(limits));
  const erasure = createFileErasure({ erasures: createErasureRepository(pool), store, keepDays });
  const links = createAttachmentLinks({ key: linkKey, publicUrl, now: Date.now });
  const stopping = new AbortController();

  const source: LoadDeps["source"] = (file, signal) => sourceOf(channels, file, signal);
  const loading = { repository, store, source, limitBytes, signal: stopping.signal, log };
  const loader = createLoader({
    repository,
    claims: createOwnClaims(repository),
    load: (attachment) => loadAttachment(loading, attachment),
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
      // No other process loads the files marked as loading.
      if (alone) await repository.releaseAll();
    },
    /** Stops loading files. Another process loads them later. */
    async stop(): Promise<void> {
      stopping.abort();
      await loader.drain();
    },
  };
}

/** Some files of the largest size are always allowed: of a key, as many as one message may have. */
function unsentLimits({ unsent, limitBytes }: AttachmentStageDeps["limits"]): UnsentBytes {
  return {
    perVisitor: Math.max(unsent.perVisitor, 2 * limitBytes),
    perAddress: Math.max(unsent.perAddress, 4 * limitBytes),
    perKey: Math.max(unsent.perKey, 10 * limitBytes),
  };
}
