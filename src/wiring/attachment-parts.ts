import { createAttachmentRepository } from "../attachments/attachment-repository.ts";
import { createErasureRepository } from "../attachments/erasure-repository.ts";
import { createFileBucket } from "../attachments/file-bucket.ts";
import { createFileDirectory } from "../attachments/file-directory.ts";
import { type FileStore, readWhole } from "../attachments/file-store.ts";
import { createAttachmentLinks } from "../attachments/links.ts";
import { loadAttachment } from "../attachments/load-attachment.ts";
import { createLoader } from "../attachments/loader.ts";
import { keepUpload, type NewUpload } from "../attachments/uploads.ts";
import { watchFileStore } from "../attachments/watched-store.ts";
import type { TurnAttachment } from "../bots/bot.ts";
import type { AttachmentSource } from "../channels/channel.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { FileStorePlace } from "../config/file-store-place.ts";
import type { Settings } from "../config/settings.ts";
import type { AttachmentView } from "../core/attachment.ts";
import type { Logger } from "../core/logger.ts";
import type { Engine } from "./engine.ts";
import type { ReconcilerStep } from "./reconciler.ts";

export interface AttachmentPartsDeps {
  engine: Pick<Engine, "database">;
  channels: ChannelDirectory;
  settings: Pick<Settings, "attachments" | "publicUrl">;
  /** Signs links; the same on all processes. */
  secret: string;
  onFailedWrite(): void;
  log: Logger;
}

/** How long a turn waits for the files of its messages, milliseconds. */
const PATIENCE_MS = 10_000;
/** Contents erased in one step. */
const ERASED_AT_ONCE = 100;
const SWEEP_EVERY_MS = 3_600_000;

export type AttachmentParts = ReturnType<typeof createAttachmentParts>;

/** Files, wired: from what a platform holds to what is kept, and from there to bots and callers. */
export function createAttachmentParts(deps: AttachmentPartsDeps) {
  const { channels, settings, log } = deps;
  const { pool } = deps.engine.database;
  const { place, limitBytes, keepDays } = settings.attachments;
  const repository = createAttachmentRepository(pool);
  const erasures = createErasureRepository(pool);
  const store = watchFileStore(createFileStore(place), deps);
  const links = createAttachmentLinks({
    secret: deps.secret,
    publicUrl: settings.publicUrl.url,
    now: Date.now,
  });
  const stopping = new AbortController();

  const loader = createLoader({
    repository,
    load: (attachment) =>
      loadAttachment(
        {
          repository,
          store,
          source: ({ channelId, platformId, sourceUrl }, signal) =>
            sourceUrl === null
              ? sourceOn(channels, channelId, platformId, signal)
              : Promise.resolve({ kind: "found", url: sourceUrl }),
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

  async function erase(): Promise<void> {
    for (;;) {
      const ids = await erasures.due(ERASED_AT_ONCE);
      for (const id of ids) await store.erase(id);
      await erasures.erased(ids);
      if (ids.length < ERASED_AT_ONCE) return;
    }
  }

  async function sweep(): Promise<void> {
    await erasures.dropUnsent();
    if (keepDays !== null) await erasures.expire(keepDays);
  }

  let sweptAt = 0;
  async function sweepHourly(): Promise<void> {
    if (Date.now() - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = Date.now();
    await sweep();
  }

  const steps: ReconcilerStep[] = [
    { name: "files to load", run: loader.loadDue },
    { name: "files that were kept long enough", run: sweepHourly },
    { name: "files to erase", run: erase },
  ];

  return {
    desk: {
      find: repository.find,
      keep: (upload: NewUpload) => keepUpload({ repository, store }, upload),
      limitBytes,
    },
    openFile: store.open,
    /** Why files cannot be kept, as far as this process found out; null: nothing says so. */
    trouble: store.trouble,
    links,
    steps,
    /** Lets go of what was kept long enough, and of what was uploaded and never sent. */
    sweep,
    forBot,
    /** The files of messages for a bot, by message; what is not here after a while goes as what it is, pending. */
    async ofMessages(
      messageIds: readonly string[],
      signal: AbortSignal,
    ): Promise<Map<string, TurnAttachment[]>> {
      const found = await loader.settle(messageIds, { timeoutMs: PATIENCE_MS, signal });
      return new Map([...found].map(([id, views]) => [id, views.map(forBot)]));
    },
    /** Gives up what is being loaded: it is loaded by whoever comes next. */
    async stop(): Promise<void> {
      stopping.abort();
      await loader.drain();
    },
  };
}

function createFileStore(place: FileStorePlace): FileStore {
  return place.kind === "directory" ? createFileDirectory(place.path) : createFileBucket(place);
}

async function sourceOn(
  channels: ChannelDirectory,
  channelId: string,
  platformId: string | null,
  signal: AbortSignal,
): Promise<AttachmentSource> {
  const channel = channels.byId(channelId)?.channel;
  if (!channel) return { kind: "failed", reason: "the channel is disabled", retry: true };
  if (!channel.fetchAttachment || platformId === null) {
    return { kind: "failed", reason: "this channel has no files", retry: false };
  }
  return channel.fetchAttachment(platformId, signal);
}
