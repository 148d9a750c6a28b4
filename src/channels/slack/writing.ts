import type { Logger } from "../../core/process/logger.ts";
import type { RunningTasks } from "../kit/running-tasks.ts";
import type { SlackConfig } from "./config.ts";
import { createOutbound } from "./outbound.ts";
import type { People } from "./people.ts";
import { createPreviews } from "./preview.ts";
import { createStatus } from "./status.ts";
import { createStatusCalls } from "./status-calls.ts";
import { createStreaming } from "./streaming.ts";
import type { SlackWebApi } from "./web-api.ts";
import type { Workspaces } from "./workspaces.ts";

export interface WritingDeps {
  config: Pick<SlackConfig, "streaming" | "toolCards" | "titles">;
  api: Pick<SlackWebApi, "upload">;
  clientOf: Workspaces["clientOf"];
  people: People;
  /** The tasks that nobody waits for. `stopped` aborts when the channel stops. */
  tasks: Pick<RunningTasks, "track"> & { stopped: AbortSignal };
  log: Logger;
}

/** Writes to Slack: messages, unfinished answers, and the status of a thread. */
export function createWriting({ config, api, clientOf, people, tasks, log }: WritingDeps) {
  const { streaming, toolCards, titles } = config;
  const previews = createPreviews();
  const live = createStreaming({ clientOf, previews, people, streaming, toolCards, log });
  const status = createStatus({
    calls: createStatusCalls({ clientOf, titles, log }),
    isShowing: live.isShowing,
    ...tasks,
  });
  const { upload } = api;
  const outbound = createOutbound({ clientOf, previews, upload, onPosted: status.posted, log });
  return { openStream: live.openStream, status, outbound };
}
