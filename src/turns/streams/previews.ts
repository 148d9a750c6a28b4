import type { ChannelDirectory } from "../../channels/channel-directory.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { ReconcilerStep } from "../../core/process/reconciler.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import type { Database } from "../../storage/database.ts";
import type { Previews } from "../answering/turn-deps.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import { createLivePreview } from "./live-preview.ts";
import { createPreviewRepository, type LeftPreview } from "./preview-repository.ts";

/** Time limit of one removal, and the pause of the removals after a failed one, milliseconds. */
const REMOVE_TIMEOUT_MS = 10_000;
const REMOVE_PAUSE_MS = 30_000;

type Standing = Omit<LeftPreview, "expired">;

export interface PreviewDeps {
  database: Pick<Database, "pool">;
  channels: ChannelDirectory;
  /** The id of this process. */
  owner: string;
  log: Logger;
}

/** Previews: unfinished answers are shown, and removed if no message replaces them. */
export function createPreviews({ database, channels, owner, log }: PreviewDeps) {
  const repository = createPreviewRepository(database.pool, { owner });

  const open: Previews["open"] = (lane, { id: executionId, left }) => {
    const channel = channels.byId(lane.channelId)?.channel;
    const { address, channelId } = lane;
    if (address === null || (!channel?.openStream && left === null)) return null;
    const target = { address, executionId, userIdentifier: lane.user?.identifier ?? null };
    return createLivePreview({
      left,
      open: channel?.openStream
        ? (onStanding) => channel.openStream?.({ ...target, onStanding }) ?? null
        : null,
      isClear: () => repository.isClear(channelId, address),
      async record(preview) {
        const isOurs = await repository.record(lane, executionId, preview);
        if (!isOurs) removeSoon(lane, executionId, preview);
        return isOurs;
      },
      ids: { session_id: lane.sessionId, execution_id: executionId },
      log,
    });
  };

  async function remove({ channelId, address, executionId, preview }: Standing): Promise<boolean> {
    const channel = channels.byId(channelId)?.channel;
    const gone = (await channel?.removePreview?.(address, preview, timeLimit(REMOVE_TIMEOUT_MS))) ?? true;
    if (gone) await repository.removed(executionId, preview);
    return gone;
  }

  function removeSoon(lane: Lane, executionId: string, preview: string): void {
    const { channelId, address, sessionId } = lane;
    soon(remove({ executionId, preview, channelId, address: address ?? sessionId }));
  }

  function leave(lane: Lane, executionId: string, preview: string): void {
    soon(repository.exists(executionId).then((known) => known || removeSoon(lane, executionId, preview)));
  }

  function soon(task: Promise<unknown>): void {
    task.catch((error: unknown) =>
      log.warn({ err: error }, "a preview could not be removed; trying again later"),
    );
  }

  let quietUntil = 0;
  const step: ReconcilerStep = {
    name: "previews left behind",
    async run() {
      if (monotonicMs() < quietUntil) return;
      const here = channels.all().map(({ ref }) => ref.id);
      for (const { expired, ...standing } of await repository.leftBehind(here, 50)) {
        if (expired) await repository.removed(standing.executionId, standing.preview);
        else if (!(await remove(standing))) quietUntil = monotonicMs() + REMOVE_PAUSE_MS;
      }
    },
  };

  return { open, removeSoon, leave, step };
}
