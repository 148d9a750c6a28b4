import { createAccessQueries } from "../../access/access-queries-repository.ts";
import { createInvites } from "../../access/invites-repository.ts";
import type { AgentCatalog } from "../../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../../agents/session-agent-repository.ts";
import type { ChannelDirectory } from "../../channels/channel-directory.ts";
import type { Logger } from "../../core/process/logger.ts";
import { isJsonObject } from "../../core/text/json.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { createHandoffQueries } from "../../handoffs/handoff-queries-repository.ts";
import { createMessageQueriesRepository } from "../../sessions/message-queries-repository.ts";
import { createParticipantRepository } from "../../sessions/participant-repository.ts";
import { createFeedbackQueries } from "../../sessions/rating-queries-repository.ts";
import { createRatingRepository } from "../../sessions/rating-repository.ts";
import { createSessionControl } from "../../sessions/session-control-repository.ts";
import { createSessionQueriesRepository } from "../../sessions/session-queries-repository.ts";
import { createSessionWritesRepository } from "../../sessions/session-writes-repository.ts";
import { createSocketTokenRepository } from "../../sessions/socket-token-repository.ts";
import { createExecutionQueriesRepository } from "../../turns/answering/execution-queries-repository.ts";
import { recordedTurns } from "../../turns/replay/recorded-turns-repository.ts";
import { createShadowQueries } from "../../turns/shadow/shadow-queries-repository.ts";
import { createUserAliases } from "../../users/alias-repository.ts";
import { createUserRepository } from "../../users/user-repository.ts";
import { createWhoIs } from "../../users/who-is.ts";
import { createOpenLimit } from "../server/open-limit.ts";
import type { RateLimit } from "../server/rate-limit.ts";
import type { ServiceEngine, ServiceFiles, ServicePipeline } from "../service.ts";
import { accessAnswerRoutes } from "./access/access-answers.ts";
import { accessListRoutes } from "./access/access-lists.ts";
import { inviteRoutes } from "./access/invites.ts";
import { attachmentRoutes } from "./attachments/attachments.ts";
import type { RouteGroup } from "./document/openapi.ts";
import { executionRoutes } from "./executions/executions.ts";
import { exportRoutes } from "./exports/export-sessions.ts";
import { handoffListRoutes } from "./handoffs/handoff-lists.ts";
import { handoffReplyRoutes } from "./handoffs/handoff-reply.ts";
import { handoffRoutes } from "./handoffs/handoffs.ts";
import { createConversation } from "./messages/conversation.ts";
import { feedbackRoutes } from "./messages/feedback.ts";
import { messageListRoutes } from "./messages/message-list.ts";
import { messageRoutes } from "./messages/messages.ts";
import { renderRoutes } from "./messages/render.ts";
import { openaiRoutes } from "./openai/openai.ts";
import { asOpenaiError } from "./openai/openai-error.ts";
import { replayRoutes } from "./replays/replays.ts";
import type { Route } from "./route/route.ts";
import { sessionActionRoutes } from "./sessions/session-actions.ts";
import { sessionChangeRoutes } from "./sessions/session-changes.ts";
import { sessionOpeningRoutes } from "./sessions/session-opening.ts";
import { sessionRoutes } from "./sessions/sessions.ts";
import { shadowRoutes } from "./shadows/shadows.ts";
import { createSocketServer, type SocketServer, type SocketServerDeps } from "./socket/socket-server.ts";
import { socketTokenRoutes } from "./socket/socket-tokens.ts";

export interface ConversationApiDeps {
  engine: ServiceEngine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: ServicePipeline;
  attachments: ServiceFiles;
  /** The names of a workspace's desks. */
  desks(workspaceId: string): readonly string[];
  /** The rate of messages of one user over the API. */
  userRate: RateLimit;
  /** Limits how many access codes one key may try. */
  codeRate: RateLimit;
  log: Logger;
}

export interface ConversationApi {
  routes: Route[];
  openai: RouteGroup;
  /** WebSockets. They check keys and count calls with the same parts as the API. */
  sockets(
    gate: Pick<
      SocketServerDeps,
      "authenticate" | "attempts" | "callerOf" | "rateLimit" | "streams" | "onKeyRevoked"
    >,
  ): SocketServer;
}

/** Time in which a platform must tell our name there, milliseconds. */
const LINK_MS = 5_000;
/** Larger than every seq: a preview message comes after the whole history. */
const AFTER_ALL = 2 ** 31 - 1;

/** Number of replays of one workspace at the same time, because each calls a model many times. */
const REPLAYS_AT_ONCE = 1;

/** The conversation routes of the API: sessions, messages, executions, sockets. */
export function createConversationApi(deps: ConversationApiDeps): ConversationApi {
  const { channels, pipeline, agents, log } = deps;
  const { pool } = deps.engine.database;
  const sessions = createSessionQueriesRepository(pool);
  const writes = createSessionWritesRepository(pool);
  const messages = createMessageQueriesRepository(pool);
  const executions = createExecutionQueriesRepository(pool);
  const sessionAgents = createSessionAgentRepository(pool);
  const tokens = createSocketTokenRepository(pool);
  const access = createAccessQueries(pool);
  const channelOf = (channelId: string) => channels.byId(channelId)?.ref ?? null;
  const { acceptMessage } = pipeline.ingest;

  /** Without a name: the workspace's first channel of kind `api`. */
  const channelNamed = (workspaceId: string, name: string | null) =>
    channels
      .all()
      .map(({ ref }) => ref)
      .find(
        (ref) => ref.workspaceId === workspaceId && (name === null ? ref.kind === "api" : ref.name === name),
      ) ?? null;

  const invitingChannel = (workspaceId: string, name: string) => {
    const running = channels.named(workspaceId, name);
    if (running === null) return null;
    const linkWith = async (code: string) =>
      (await running.channel.linkWith?.(code, timeLimit(LINK_MS))) ?? null;
    return { id: running.ref.id, linkWith };
  };

  const conversation = createConversation({
    sessions,
    writes,
    messages,
    executions,
    channel: channelOf,
    acceptMessage,
    messageOfEvent: pipeline.messageOfEvent,
    follow: pipeline.streams.follow,
    uploads: deps.attachments.uploads,
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
      whoIs: createWhoIs({ users: createUserRepository(pool), aliases: createUserAliases(pool) }),
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
    ...exportRoutes({ sessions, messages, agents: sessionAgents }),
    ...sessionChangeRoutes({ sessions, writes, agents: sessionAgents }),
    ...sessionActionRoutes({ sessions, control, channel: channelOf, acceptMessage }),
    ...messageRoutes({ conversation }),
    ...attachmentRoutes({ sessions, uploads: deps.attachments.uploads, sendFile: deps.attachments.sendFile }),
    ...handoffRoutes({ sessions, handoffs: pipeline.handoffs, desks: deps.desks }),
    ...handoffReplyRoutes({
      sessions,
      messages,
      handoffs: pipeline.handoffs,
      uploads: deps.attachments.uploads,
    }),
    ...accessAnswerRoutes({ access, admissions: pipeline.admissions, codeRate: deps.codeRate }),
    ...accessListRoutes({ access }),
    ...inviteRoutes({ access, invites: createInvites(deps.engine.database), channel: invitingChannel }),
    ...handoffListRoutes({ handoffs: createHandoffQueries(pool), agents: sessionAgents }),
    ...messageListRoutes({ sessions, messages, agents: sessionAgents }),
    ...feedbackRoutes({
      ratings: createRatingRepository(pool),
      feedback: createFeedbackQueries(pool),
      messages,
      agents: sessionAgents,
      notify: (channelId, sessionId) => pipeline.notifySession(channelId, sessionId, { type: "messages" }),
    }),
    ...executionRoutes({
      executions,
      conversation,
      agents: sessionAgents,
      cancelExecution: pipeline.cancelExecution,
      askAgain: pipeline.askAgain,
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
    ...replayRoutes({
      sessions,
      agents: sessionAgents,
      load: agents.loadExactly,
      turns: (sessionId, limit) => recordedTurns(pool, sessionId, limit),
      prompt: (session, agent, { texts, beforeSeq }) =>
        pipeline.contexts.prompt({
          sessionId: session.id,
          // It replaces the session's agent, so it gets the data that this agent has about the person.
          agent: { id: session.agentId, definition: agent.definition },
          input: texts.map((text) => ({ text, instruction: false })),
          beforeSeq,
        }),
      places: createOpenLimit(REPLAYS_AT_ONCE),
    }),
    ...shadowRoutes({ shadows: createShadowQueries(pool), agents: sessionAgents }),
    ...socketTokenRoutes({ sessions, tokens }),
  ];

  return {
    routes,
    openai: {
      base: "/api/openai/v1",
      phrase: asOpenaiError,
      routes: openaiRoutes({
        conversation,
        agents: sessionAgents,
        writes,
        channel: (workspaceId) => channelNamed(workspaceId, null),
      }),
    },
    sockets: (gate) =>
      createSocketServer({
        ...gate,
        tokens,
        conversation,
        executions,
        cancelExecution: pipeline.cancelExecution,
        watch: (sessionId, onTurn) =>
          deps.engine.hub.subscribe(`session.${sessionId}`, (data) => {
            const id = isJsonObject(data) ? data.execution_id : null;
            if (typeof id === "string") onTurn(id);
          }),
        log,
      }),
  };
}
