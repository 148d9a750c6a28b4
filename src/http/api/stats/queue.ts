import { z } from "zod";
import type { ChannelQueue, WorkspaceQueue } from "../../../stats/queue-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { timestampSchema } from "../route/wire-schemas.ts";

export interface QueueRoutesDeps {
  queue: { read(workspaceId: string): Promise<WorkspaceQueue> };
}

const count = z.int().min(0);
const seconds = z.number().min(0).nullable();
const waitingShape = {
  sessions: z.object({
    waiting: count.describe("Conversations with a message that is not answered yet"),
    running: count.describe("Those of them that a process works on"),
    oldest_seconds: seconds.describe("Age of the oldest such message; null if none waits"),
  }),
  deliveries: z.object({
    waiting: count.describe("Not sent yet"),
    retried: count.describe("Those of them that failed before and are tried again"),
    oldest_seconds: seconds.describe(
      "Seconds since the oldest due one could have been sent; null if none is due",
    ),
    unknown: count.describe("Sent, but nobody knows if they arrived"),
  }),
};
const queueSchema = z
  .object({
    at: timestampSchema,
    workers: count.describe("Processes that work on a conversation at this moment"),
    last_minute: z.object({ turns: count.describe("Turns that were completed"), sent: count }),
    ...waitingShape,
    channels: z.array(
      z.object({
        channel: z.string(),
        paused_until: timestampSchema.nullable().describe("The platform asked to send nothing until then"),
        ...waitingShape,
      }),
    ),
  })
  .meta({ id: "Queue" });

/** `GET /queue`: the work that waits now. */
export function queueRoutes({ queue }: QueueRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/queue",
      operationId: "getQueue",
      summary: "Count the work that waits",
      description: "The present state, for the workspace and for each channel. `/stats` counts the past.",
      tag: "Console",
      scope: "sessions:read",
      responses: [{ status: 200, description: "The waiting work", schema: queueSchema }],
      async handle({ caller }) {
        const { workers, lastMinute, channels } = await queue.read(caller.workspaceId);
        return {
          status: 200,
          body: {
            at: new Date(),
            workers,
            last_minute: lastMinute,
            ...present(channels),
            channels: channels.map((channel) => ({
              channel: channel.channel,
              paused_until: channel.pausedUntil,
              ...present([channel]),
            })),
          },
        };
      },
    }),
  ];
}

/** The waiting work of channels together. */
function present(channels: readonly ChannelQueue[]) {
  const sum = (of: (channel: ChannelQueue) => number) =>
    channels.reduce((total, channel) => total + of(channel), 0);
  const most = (of: (channel: ChannelQueue) => number | null) =>
    channels.reduce<number | null>((oldest, channel) => {
      const age = of(channel);
      return age === null ? oldest : Math.max(oldest ?? 0, age);
    }, null);
  return {
    sessions: {
      waiting: sum(({ waitingSessions }) => waitingSessions),
      running: sum(({ runningSessions }) => runningSessions),
      oldest_seconds: most(({ oldestMessageSeconds }) => oldestMessageSeconds),
    },
    deliveries: {
      waiting: sum(({ waitingDeliveries }) => waitingDeliveries),
      retried: sum(({ retriedDeliveries }) => retriedDeliveries),
      oldest_seconds: most(({ oldestDeliverySeconds }) => oldestDeliverySeconds),
      unknown: sum(({ unknownDeliveries }) => unknownDeliveries),
    },
  };
}
