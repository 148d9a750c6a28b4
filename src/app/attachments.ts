import { type AttachmentStage, createAttachmentStage } from "../attachments/attachment-stage.ts";
import { createFileBucket } from "../attachments/file-bucket.ts";
import { createFileDirectory } from "../attachments/file-directory.ts";
import type { FileStore } from "../attachments/file-store.ts";
import { type WatchedStore, watchFileStore } from "../attachments/watched-store.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { FileStorePlace } from "../config/file-store-place.ts";
import type { Settings } from "../config/settings.ts";
import { createAdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import type { Bounds } from "../http/server/bounds.ts";
import { createSendFile, type SendFile } from "../http/streams/file-response.ts";
import type { Engine } from "./engine.ts";

export interface AttachmentPartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  settings: Pick<Settings, "attachments" | "publicUrl">;
  bounds: Pick<Bounds, "downloads" | "unsentUploads">;
  onFailedWrite(): void;
  log: Logger;
}

/** Files, and the way they are read over HTTP. */
export type AttachmentParts = AttachmentStage & { sendFile: SendFile } & Pick<WatchedStore, "lastError">;

/** Wires files: the configured store, the stage, and downloads. */
export function createAttachmentParts(deps: AttachmentPartsDeps): AttachmentParts {
  const { engine, channels, bounds, log } = deps;
  const { place, limitBytes, keepDays } = deps.settings.attachments;
  const store = watchFileStore(createFileStore(place), deps);
  const stage = createAttachmentStage({
    base: { ...engine, log },
    channels,
    store,
    limits: { limitBytes, keepDays, unsent: bounds.unsentUploads },
    publicUrl: deps.settings.publicUrl.url,
  });
  return {
    ...stage,
    sendFile: createSendFile(store.open, createAdmissionLimit({ count: bounds.downloads, bytes: 0 })),
    lastError: store.lastError,
  };
}

function createFileStore(place: FileStorePlace): FileStore {
  return place.kind === "directory" ? createFileDirectory(place.path) : createFileBucket(place);
}
