import type { AgentCatalog } from "./agents/agent-catalog.ts";
import { createSessionAgentRepository } from "./agents/session-agent-repository.ts";
import type { ChannelDirectory } from "./channels/channel-directory.ts";
import type { Logger } from "./core/logger.ts";
import type { Engine } from "./engine.ts";
import type { Authenticate } from "./http/api/auth.ts";
import { createConversation } from "./http/api/conversation.ts";
import type { Route } from "./http/api/route.ts";
import { executionRoutes } from "./http/api/routes/executions.ts";
import { messageListRoutes } from "./http/api/routes/message-list.ts";
import { messageRoutes } from "./http/api/routes/messages.ts";
import { openaiRoutes } from "./http/api/routes/openai.ts";
import { renderRoutes } from "./http/api/routes/render.ts";
import { sessionActionRoutes } from "./http/api/routes/session-actions.ts";
import { sessionChangeRoutes } from "./http/api/routes/session-changes.ts";
import { sessionRoutes } from "./http/api/routes/sessions.ts";
import { socketTokenRoutes } from "./http/api/routes/socket-tokens.ts";
import { createSocketServer, type SocketServer } from "./http/api/socket-server.ts";
import type { Pipeline } from "./pipeline.ts";
import { createMessageQueriesRepository } from "./sessions/message-queries-repository.ts";
import { createParticipantRepository } from "./sessions/participant-repository.ts";
import { createSessionControl } from "./sessions/session-control-repository.ts";
import { createSessionQueriesRepository } from "./sessions/session-queries-repository.ts";
import { createSessionWritesRepository } from "./sessions/session-writes-repository.ts";
import { createSocketTokenRepository } from "./sessions/socket-token-repository.ts";
import { createExecutionQueriesRepository } from "./turns/execution-queries-repository.ts";

export interface ConversationPartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  authenticate: Authenticate;
  log: Logger;
}

export interface ConversationParts {
  /** Below `/api/v1`. */
  routes: Route[];
  /** Below `/api/openai/v1`. */
  openai: Route[];
  /** `/api/v1/chat/sessions/{id}/ws`, for the server's `upgrade` event. */
  sockets: SocketServer;
}

/** Sessions, messages and executions as an API, wired: the same ingest, turns and deliveries as every channel. */
export function createConversationParts(deps: ConversationPartsDeps): ConversationParts {
  const { engine, channels, pipeline, log } = deps;
  const { pool } = engine.database;
  const sessions = createSessionQueriesRepository(pool);
  const writes = createSessionWritesRepository(pool);
  const messages = createMessageQueriesRepository(pool);
  const executions = createExecutionQueriesRepository(pool);
  const agents = createSessionAgentRepository(pool);
  const tokens = createSocketTokenRepository(pool);
  const { cancelExecution } = pipeline;
  const { acceptMessage } = pipeline.ingest;
  const channelById = (id: string) => channels.byId(id)?.ref ?? null;
  const channelOf = (workspaceId: string, name: string | null) =>
    channels
      .all()
      .find(
        ({ ref }) =>
          ref.workspaceId === workspaceId && (name === null ? ref.kind === "api" : ref.name === name),
      )?.ref ?? null;

  const conversation = createConversation({
    sessions,
    writes,
    messages,
    executions,
    channel: channelById,
    acceptMessage,
    messageOfEvent: pipeline.messageOfEvent,
    follow: pipeline.streams.follow,
  });
  const control = createSessionControl({
    pool,
    channel: (id) => channels.byId(id)?.ref ?? null,
    deliver: pipeline.enqueueDeliveries,
    notify: (channelId, sessionId) => pipeline.notifySession(channelId, sessionId, { type: "messages" }),
  });

  return {
    routes: [
      ...sessionRoutes({
        sessions,
        writes,
        participants: createParticipantRepository(pool),
        agents,
        channel: channelOf,
        openExecutions: executions.open,
        cancelExecution,
      }),
      ...sessionChangeRoutes({ sessions, writes, agents }),
      ...sessionActionRoutes({ sessions, control, channel: channelById, acceptMessage }),
      ...messageRoutes({ conversation }),
      ...messageListRoutes({ sessions, messages, agents }),
      ...renderRoutes({
        sessions,
        async renderPrompt(session, content) {
          const { definition } = await deps.agents.load(session.agentId, session.agentVersion);
          return pipeline.contexts.prompt({
            sessionId: session.id,
            agent: { id: session.agentId, definition },
            input: content === null ? [] : [{ text: content, instruction: false }],
            beforeSeq: 2 ** 31 - 1,
          });
        },
      }),
      ...executionRoutes({ executions, conversation, agents, cancelExecution }),
      ...socketTokenRoutes({ sessions, tokens }),
    ],
    openai: openaiRoutes({
      conversation,
      agents,
      writes,
      channel: (workspaceId) => channelOf(workspaceId, null),
    }),
    sockets: createSocketServer({
      conversation,
      executions,
      cancelExecution,
      tokens,
      authenticate: deps.authenticate,
      watch: (sessionId, onTurn) =>
        engine.hub.subscribe(`session.${sessionId}`, (notice) => {
          if (typeof notice !== "object" || notice === null || Array.isArray(notice)) return;
          if (notice.type === "turn" && typeof notice.execution_id === "string") onTurn(notice.execution_id);
        }),
      log,
    }),
  };
}
