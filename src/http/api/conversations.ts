import { isJsonObject } from "../../core/text/json.ts";
import type { Hub } from "../../queue/hub.ts";
import { createSocketTokenRepository } from "../../sessions/socket-token-repository.ts";
import type { RateLimit } from "../server/rate-limit.ts";
import type { Service } from "../service.ts";
import { createApiStores } from "./api-stores.ts";
import { type ChannelNames, conversationRoutes } from "./conversation-routes.ts";
import type { RouteGroup } from "./document/openapi.ts";
import { createConversation } from "./messages/create-conversation.ts";
import { openaiRoutes } from "./openai/openai.ts";
import { asOpenaiError } from "./openai/openai-error.ts";
import { personRoutes } from "./person-routes.ts";
import { previewRoutes } from "./preview-routes.ts";
import type { Route } from "./route/route.ts";
import { createSocketServer, type SocketGate, type SocketServer } from "./socket/socket-server.ts";

export interface ConversationApiDeps {
  service: Service;
  /** The names of a workspace's desks. */
  desks(workspaceId: string): readonly string[];
  rates: {
    /** The rate of messages of one user over the API. */
    users: RateLimit;
    /** Limits how many access codes one key may try. */
    codes: RateLimit;
  };
}

export interface ConversationApi {
  routes: Route[];
  openai: RouteGroup;
  /** WebSockets. They check keys and count calls with the same parts as the API. */
  sockets(gate: SocketGate): SocketServer;
}

/** The conversation routes of the API: sessions, messages, executions, sockets. */
export function createConversationApi({ service, desks, rates }: ConversationApiDeps): ConversationApi {
  const { engine, pipeline, attachments, log } = service;
  const stores = createApiStores(engine.database);
  const tokens = createSocketTokenRepository(engine.database.pool);
  const channels = channelNames(service);
  const conversation = createConversation({
    stores,
    channel: channels.byId,
    ingest: {
      acceptMessage: pipeline.ingest.acceptMessage,
      messageOfEvent: pipeline.messageOfEvent,
    },
    follow: pipeline.streams.follow,
    uploads: attachments.uploads,
    userRate: rates.users,
  });
  const { executions, agents, writes } = stores;
  const watched = { conversation, executions, cancelExecution: pipeline.cancelExecution };
  const watch = turnsOn(engine.hub);

  return {
    routes: [
      ...conversationRoutes({ service, stores, conversation, channels, tokens }),
      ...personRoutes({ service, stores, desks, codeRate: rates.codes }),
      ...previewRoutes(service, stores),
    ],
    openai: {
      base: "/api/openai/v1",
      phrase: asOpenaiError,
      routes: openaiRoutes({
        conversation,
        agents,
        writes,
        channel: (workspaceId) => channels.named(workspaceId, null),
      }),
    },
    sockets: (gate) => createSocketServer({ gate, conversations: { ...watched, watch }, tokens, log }),
  };
}

/** Tells listeners of the turns of a session, in any process. */
function turnsOn(hub: Hub) {
  return (sessionId: string, onTurn: (executionId: string) => void) =>
    hub.subscribe(`session.${sessionId}`, (data) => {
      const id = isJsonObject(data) ? data.execution_id : null;
      if (typeof id === "string") onTurn(id);
    });
}

function channelNames({ channels }: Pick<Service, "channels">): ChannelNames {
  return {
    named: (workspaceId, name) =>
      channels
        .all()
        .map(({ ref }) => ref)
        .find(
          (ref) =>
            ref.workspaceId === workspaceId && (name === null ? ref.kind === "api" : ref.name === name),
        ) ?? null,
    byId: (channelId) => channels.byId(channelId)?.ref ?? null,
  };
}
