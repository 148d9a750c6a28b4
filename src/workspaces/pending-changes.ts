import type { PublishedWorkspace } from "../agents/agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import type { Logger } from "../core/process/logger.ts";
import { reloadDifference } from "./reload-difference.ts";

/**
 * Differences between running channels and a reloaded file. A reload publishes agents only, because a half-started
 * channel would accept messages and never send the answers.
 */
export function createPendingChanges({ channels, log }: { channels: ChannelDirectory; log: Logger }) {
  const pending = new Map<string, string>();
  const differs = (how: string) => `differs from the configuration file until the next restart (${how})`;
  return {
    /** Compares the channels of a reloaded workspace with the file, and reports each that differs. */
    note(workspace: WorkspaceConfig, rows: PublishedWorkspace): void {
      const here = channels.all().filter(({ ref }) => ref.workspaceId === rows.id);
      const names = new Set([...here.map(({ ref }) => ref.name), ...Object.keys(workspace.channels)]);
      const differences = [...names].flatMap((name) => {
        const running = here.find(({ ref }) => ref.name === name);
        const now = running ? { ...running.ref, config: running.config } : null;
        const difference = reloadDifference(now, workspace.channels[name] ?? null);
        const id = running?.ref.id ?? rows.channels.get(name)?.id;
        if (id !== undefined && difference === null) pending.delete(id);
        if (id === undefined || difference === null) return [];
        pending.set(id, differs(difference));
        return [`${name} (${difference})`];
      });
      if (differences.length === 0) return;
      log.warn(
        { workspace: workspace.slug },
        `these channels change with a restart only: ${differences.join("; ")}`,
      );
    },

    /** Reports the channels of workspaces that no file has any more. They go on until the restart. */
    noteGone(configured: ReadonlySet<string>): void {
      const gone = channels.all().filter(({ ref }) => !configured.has(ref.workspaceId));
      if (gone.length === 0) return;
      for (const { ref } of gone) pending.set(ref.id, differs("the workspace was removed"));
      const names = gone.map(({ ref }) => ref.name).join(", ");
      log.warn({}, `the workspace of these channels was removed, and ends with a restart only: ${names}`);
    },

    /** The difference of a channel, in words; null if there is none. */
    of: (channelId: string): string | null => pending.get(channelId) ?? null,
  };
}
