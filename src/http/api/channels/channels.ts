import { z } from "zod";
import type { PageRequest, Slice } from "../../../core/page.ts";
import type { ChannelView } from "../../../delivery/channel-queries-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";

export interface ChannelRoutesDeps {
  channels: { list(workspaceId: string, page: PageRequest): Promise<Slice<ChannelView>> };
  /** The problem that a channel running in this process reports; null if there is none. */
  trouble(channelId: string): string | null;
}

const channelSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    kind: z.string(),
    state: z
      .enum(["ok", "error", "paused", "disabled"])
      .describe("`paused`: the platform asked us to send nothing until `paused_until`"),
    last_inbound_at: timestampSchema.nullable(),
    last_outbound_at: timestampSchema.nullable(),
    last_error: z.string().nullable(),
    last_error_at: timestampSchema.nullable(),
    paused_until: timestampSchema.nullable(),
    created_at: timestampSchema,
  })
  .meta({ id: "Channel" });

/** `/channels`: the connections to platforms, with their states. */
export function channelRoutes({ channels, trouble }: ChannelRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/channels",
      operationId: "listChannels",
      summary: "List channels",
      tag: "Channels",
      scope: "sessions:read",
      query: z.strictObject(pageQuery),
      responses: [{ status: 200, description: "Channels, newest first", schema: listSchema(channelSchema) }],
      async handle({ caller, query }) {
        const found = await channels.list(caller.workspaceId, pageRequest(query));
        return listReply(found, query, (channel) => presentChannel(channel, trouble(channel.id)));
      },
    }),
  ];
}

/** A channel in the API's format. */
export function presentChannel(channel: ChannelView, trouble: string | null) {
  const troubled = trouble === null && !channel.inTrouble ? "ok" : "error";
  return {
    id: channel.id,
    name: channel.name,
    kind: channel.kind,
    state: !channel.enabled ? "disabled" : channel.pausedUntil ? "paused" : troubled,
    last_inbound_at: channel.lastInboundAt,
    last_outbound_at: channel.lastOutboundAt,
    last_error: trouble ?? channel.lastError,
    last_error_at: channel.lastErrorAt,
    paused_until: channel.pausedUntil,
    created_at: channel.createdAt,
  };
}
