import type { ReplyLimits } from "../../core/message/reply-parts.ts";
import type { ChannelRef } from "../../core/session/runtime.ts";
import { createParticipantRepository } from "../../sessions/participant-repository.ts";
import { createFeedbackQueries } from "../../sessions/rating-queries-repository.ts";
import { createRatingRepository } from "../../sessions/rating-repository.ts";
import { createSessionControl } from "../../sessions/session-control-repository.ts";
import type { SocketTokens } from "../../sessions/socket-token-repository.ts";
import { createUserAliases } from "../../users/alias-repository.ts";
import { createUserRepository } from "../../users/user-repository.ts";
import { createWhoIs } from "../../users/who-is.ts";
import type { Service } from "../service.ts";
import type { ApiStores } from "./api-stores.ts";
import { attachmentRoutes } from "./attachments/attachments.ts";
import { executionRoutes } from "./executions/executions.ts";
import { exportRoutes } from "./exports/export-sessions.ts";
import type { Conversation } from "./messages/conversation.ts";
import { feedbackRoutes } from "./messages/feedback.ts";
import { messageListRoutes } from "./messages/message-list.ts";
import { messageRoutes } from "./messages/messages.ts";
import type { Route } from "./route/route.ts";
import { sessionActionRoutes } from "./sessions/session-actions.ts";
import { sessionChangeRoutes } from "./sessions/session-changes.ts";
import { sessionOpeningRoutes } from "./sessions/session-opening.ts";
import { sessionRoutes } from "./sessions/sessions.ts";
import { socketTokenRoutes } from "./socket/socket-tokens.ts";

/** Finds channels: by name in a workspace (null: the first one of kind `api`), or by id. */
export interface ChannelNames {
  named(workspaceId: string, name: string | null): ChannelRef | null;
  byId(channelId: string): (ChannelRef & ReplyLimits) | null;
}

export interface ConversationRoutesDeps {
  service: Pick<Service, "engine" | "pipeline" | "attachments">;
  stores: ApiStores;
  conversation: Conversation;
  channels: ChannelNames;
  tokens: SocketTokens;
}

/** Routes about sessions, their messages and their turns. */
export function conversationRoutes(deps: ConversationRoutesDeps): Route[] {
  const { service, stores, conversation, channels, tokens } = deps;
  const { sessions, writes, messages, executions, agents } = stores;
  const { pipeline, attachments } = service;
  const { cancelExecution, askAgain } = pipeline;
  const { pool } = service.engine.database;
  const notify = (channelId: string, sessionId: string) =>
    pipeline.notifySession(channelId, sessionId, { type: "messages" });
  const control = createSessionControl({
    pool,
    channel: channels.byId,
    deliver: pipeline.enqueueDeliveries,
    notify,
  });
  return [
    ...sessionOpeningRoutes({
      sessions,
      writes,
      participants: createParticipantRepository(pool),
      whoIs: createWhoIs({ users: createUserRepository(pool), aliases: createUserAliases(pool) }),
      agents,
      channel: channels.named,
    }),
    ...sessionRoutes({ sessions, writes, agents, openExecutions: executions.open, cancelExecution }),
    ...exportRoutes({ sessions, messages, agents }),
    ...sessionChangeRoutes({ sessions, writes, agents }),
    ...sessionActionRoutes({
      sessions,
      control,
      channel: channels.byId,
      acceptMessage: pipeline.ingest.acceptMessage,
    }),
    ...messageRoutes({ conversation }),
    ...attachmentRoutes({ sessions, uploads: attachments.uploads, sendFile: attachments.sendFile }),
    ...messageListRoutes({ sessions, messages, agents }),
    ...feedbackRoutes({
      ratings: createRatingRepository(pool),
      feedback: createFeedbackQueries(pool),
      messages,
      agents,
      notify,
    }),
    ...executionRoutes({ executions, conversation, agents, cancelExecution, askAgain }),
    ...socketTokenRoutes({ sessions, tokens }),
  ];
}
