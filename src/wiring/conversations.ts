import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import { isJsonObject } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { createConversation } from "../http/api/conversation.ts";
import type { RouteGroup } from "../http/api/openapi.ts";
import type { Route } from "../http/api/route.ts";
import { attachmentRoutes } from "../http/api/routes/attachments.ts";
import { executionRoutes } from "../http/api/routes/executions.ts";
import { messageListRoutes } from "../http/api/routes/message-list.ts";
import { messageRoutes } from "../http/api/routes/messages.ts";
import { openaiRoutes } from "../http/api/routes/openai.ts";
import { renderRoutes } from "../http/api/routes/render.ts";
import { sessionActionRoutes } from "../http/api/routes/session-actions.ts";
import { sessionChangeRoutes } from "../http/api/routes/session-changes.ts";
import { sessionOpeningRoutes } from "../http/api/routes/session-opening.ts";
import { sessionRoutes } from "../http/api/routes/sessions.ts";
import { socketTokenRoutes } from "../http/api/routes/socket-tokens.ts";
import { createSocketServer, type SocketServer, type SocketServerDeps } from "../http/api/socket-server.ts";
import type { RateLimit } from "../http/rate-limit.ts";
import { createMessageQueriesRepository } from "../sessions/message-queries-repository.ts";
import { createParticipantRepository } from "../sessions/participant-repository.ts";
import { createSessionControl } from "../sessions/session-control-repository.ts";
import { createSessionQueriesRepository } from "../sessions/session-queries-repository.ts";
import { createSessionWritesRepository } from "../sessions/session-writes-repository.ts";
import { createSocketTokenRepository } from "../sessions/socket-token-repository.ts";
import { createExecutionQueriesRepository } from "../turns/execution-queries-repository.ts";
import type { AttachmentParts } from "./attachment-parts.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";

export interface ConversationPartsDeps {
  engine: Pick<Engine, "database" | "hub">;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  /** How many messages one user may send over the API. */
  userRate: RateLimit;
  log: Logger;
}

export interface ConversationParts {
  routes: Route[];
  openai: RouteGroup;
  /** WebSockets; they check keys, and count calls, with what the API does. */
  sockets(
    gate: Pick<SocketServerDeps, "authenticate" | "rateLimit" | "streams" | "onKeyRevoked">,
  ): SocketServer;
}

/** Beyond every seq: a message that is only imagined has the whole history before it. */
const AFTER_ALL = 2 ** 31 - 1;

/** The conversation side of the API, wired: sessions, messages, executions, sockets. */
export function createConversationParts(deps: ConversationPartsDeps): ConversationParts {
  const { channels, pipeline, agents, log } = deps;
  const { pool } = deps.engine.database;
  const sessions = createSessionQueriesRepository(pool);
  const writes = createSessionWritesRepository(pool);
  const messages = createMessageQueriesRepository(pool);
  const executions = createExecutionQueriesRepository(pool);
  const sessionAgents = createSessionAgentRepository(pool);
  const tokens = createSocketTokenRepository(pool);
  const channelOf = (channelId: string) => channels.byId(channelId)?.ref ?? null;
  const { acceptMessage } = pipeline.ingest;

  /** Without a name, the workspace's first channel of kind `api`. */
  const channelNamed = (workspaceId: string, name: string | null) =>
    channels
      .all()
      .map(({ ref }) => ref)
      .find(
        (ref) => ref.workspaceId === workspaceId && (name === null ? ref.kind === "api" : ref.name === name),
      ) ?? null;

  const conversation = createConversation({
    sessions,
    writes,
    messages,
    executions,
    channel: channelOf,
    acceptMessage,
    messageOfEvent: pipeline.messageOfEvent,
    follow: pipeline.streams.follow,
    desk: deps.attachments.desk,
    userRate: deps.userRate,
  });
  const control = createSessionControl({
    pool,
    channel: channelOf,
    deliver: pipeline.enqueueDeliveries,
    notify: (channelId, sessionId) => pipeline.notifySession(channelId, sessionId, { type: "messages" }),
  });

  const routes = [
    ...sessionOpeningRoutes({
      sessions,
      writes,
      participants: createParticipantRepository(pool),
      agents: sessionAgents,
      channel: channelNamed,
    }),
    ...sessionRoutes({
      sessions,
      writes,
      agents: sessionAgents,
      openExecutions: executions.open,
      cancelExecution: pipeline.cancelExecution,
    }),
    ...sessionChangeRoutes({ sessions, writes, agents: sessionAgents }),
    ...sessionActionRoutes({ sessions, control, channel: channelOf, acceptMessage }),
    ...messageRoutes({ conversation }),
    ...attachmentRoutes({ sessions, desk: deps.attachments.desk, openFile: deps.attachments.openFile }),
    ...messageListRoutes({ sessions, messages, agents: sessionAgents }),
    ...executionRoutes({
      executions,
      conversation,
      agents: sessionAgents,
      cancelExecution: pipeline.cancelExecution,
    }),
    ...renderRoutes({
      sessions,
      async renderPrompt(session, content) {
        const agent = await agents.load(session.agentId, session.agentVersion);
        return pipeline.contexts.prompt({
          sessionId: session.id,
          agent: { id: agent.id, definition: agent.definition },
          input: content === null ? [] : [{ text: content, instruction: false }],
          beforeSeq: AFTER_ALL,
        });
      },
    }),
    ...socketTokenRoutes({ sessions, tokens }),
  ];

  return {
    routes,
    openai: {
      base: "/api/openai/v1",
      routes: openaiRoutes({
        conversation,
        agents: sessionAgents,
        writes,
        channel: (workspaceId) => channelNamed(workspaceId, null),
      }),
    },
    sockets: ({ authenticate, rateLimit, streams, onKeyRevoked }) =>
      createSocketServer({
        authenticate,
        rateLimit,
        streams,
        onKeyRevoked,
        tokens,
        conversation,
        executions,
        cancelExecution: pipeline.cancelExecution,
        watch: (sessionId, onTurn) =>
          deps.engine.hub.subscribe(`session.${sessionId}`, (data) => {
            const id = isJsonObject(data) ? data["execution_id"] : null;
            if (typeof id === "string") onTurn(id);
          }),
        log,
      }),
  };
}
