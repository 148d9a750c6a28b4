import { z } from "zod";
import type { SessionAgent, SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { ChannelRef } from "../../../core/runtime.ts";
import type { Participant, Participants } from "../../../sessions/participant-repository.ts";
import type { SessionOrder, SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { sessionNotFound } from "../conversation.ts";
import { listReply, pageQuery, pageRequest } from "../paging.ts";
import { defineRoute, type Route } from "../route.ts";
import { sessionSchema, toSession, variablesSchema } from "../session-resource.ts";
import { requireVariables } from "../session-variables.ts";
import { idParams, jsonObjectSchema, listSchema } from "../wire-schemas.ts";

export interface SessionRoutesDeps {
  sessions: SessionQueries;
  writes: SessionWrites;
  participants: Participants;
  agents: SessionAgents;
  /** The running channel of that name in a workspace; without a name, its first one of kind `api`. */
  channel(workspaceId: string, name: string | null): ChannelRef | null;
  /** Executions of a session that are not over, and how one is stopped. */
  openExecutions(sessionId: string): Promise<string[]>;
  cancelExecution(executionId: string): Promise<boolean>;
}

const TITLE = z.string().min(1).max(500);
const EXTERNAL_ID = z.string().min(1).max(255);

const createSchema = z.strictObject({
  agent_id: z.string().min(1).describe("Id or slug"),
  user_id: z.string().min(1).optional().describe("A user of the channel"),
  user: z
    .strictObject({
      identifier: z.string().min(1).max(255).describe("Your own name for the user, unique on the channel"),
      name: z.string().min(1).max(255).nullish(),
    })
    .optional()
    .describe("Instead of `user_id`: found by identifier, or made"),
  version: z.int().min(1).optional().describe("Default: the agent's current one"),
  channel: z.string().min(1).optional().describe("A channel's name. Default: the first one of kind `api`"),
  external_id: EXTERNAL_ID.nullish(),
  title: TITLE.nullish().describe("Default: taken from the first user message"),
  situation: z.string().nullish().describe("A system prompt that sets the scene for this session"),
  variables: variablesSchema.default({}).describe("Values for the agent's `{name}`s"),
  metadata: jsonObjectSchema.default({}).describe("Yours; lists can be filtered by it"),
  render_templates: z
    .boolean()
    .default(false)
    .describe(
      "Fill in `{{ session.metadata.x }}`, `{{ user.name }}`, `{{ agent.name }}`, `{{ variables.x }}`",
    ),
});

const SORTS = ["-updated_at", "updated_at", "-created_at", "created_at"] as const;

const metadataFilter = z.string().transform((text, context): JsonObject => {
  try {
    const parsed = jsonObjectSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Reported below, like JSON of another kind.
  }
  context.addIssue({ code: "custom", message: 'expected a JSON object, URL-encoded: {"key":"value"}' });
  return z.NEVER;
});

const listQuery = z.strictObject({
  ...pageQuery,
  metadata_filter: metadataFilter
    .optional()
    .describe('A JSON object that the metadata must contain, deep and typed: `{"n":"1"}` does not match 1'),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  user_id: z.string().min(1).optional(),
  channel: z.string().min(1).optional(),
  status: z.enum(["active", "completed"]).optional(),
  sort: z.enum(SORTS).default("-updated_at"),
});

const ORDERS: Record<(typeof SORTS)[number], SessionOrder> = {
  "-updated_at": { by: "updatedAt", descending: true },
  updated_at: { by: "updatedAt", descending: false },
  "-created_at": { by: "createdAt", descending: true },
  created_at: { by: "createdAt", descending: false },
};

const NOT_FOUND = { status: 404, code: "session_not_found", when: "there is no such session" } as const;

/** Sessions: create, list, get, delete. */
export function sessionRoutes(deps: SessionRoutesDeps): Route[] {
  const found = async (workspaceId: string, id: string) => {
    const session = await deps.sessions.find(workspaceId, id);
    if (!session) throw sessionNotFound(id);
    return session;
  };
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions",
      operationId: "createSession",
      summary: "Open a session",
      tag: "Sessions",
      scope: "sessions:write",
      body: createSchema,
      examples: EXAMPLES,
      responses: [{ status: 201, description: "The session", schema: sessionSchema }],
      errors: CREATE_ERRORS,
      async handle({ caller, body, resourceId }) {
        const { workspaceId } = caller;
        // A repetition after a crash finds what the first call made, whatever has changed since.
        const made = await deps.sessions.find(workspaceId, resourceId);
        if (made) return { status: 201, body: toSession(made) };
        const agent = await requireAgent(deps, workspaceId, body.agent_id);
        const channel = requireChannel(deps, workspaceId, body.channel ?? null);
        const participant = await requireParticipant(deps, { workspaceId, channel, agent }, body);
        const version = body.version ?? agent.currentVersion;
        const opening = await deps.agents.opening(agent.id, version);
        if (!opening) throw missing("version", `The agent ${agent.slug} has no version ${version}.`);
        requireVariables(body.variables, {
          ...opening,
          participantData: participant?.data ?? {},
          userName: body.user?.name ?? participant?.name ?? null,
        });
        const opened = await deps.writes.open({
          id: resourceId,
          workspaceId,
          agentId: agent.id,
          agentVersion: version,
          channelId: channel.id,
          single: channel.sessions === "single",
          user: body.user
            ? { identifier: body.user.identifier, name: body.user.name ?? null }
            : participant && { id: participant.id },
          externalId: body.external_id ?? null,
          title: body.title ?? null,
          situation: body.situation ?? null,
          renderTemplates: body.render_templates,
          variables: body.variables,
          metadata: body.metadata,
          history: [],
        });
        if (opened.kind === "taken") {
          const message = `The session ${opened.sessionId} is open already: end it, or use it.`;
          throw new RequestError(409, "session_exists", message, {
            details: { session_id: opened.sessionId },
          });
        }
        return { status: 201, body: toSession(await found(workspaceId, resourceId)) };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/chat/sessions",
      operationId: "listSessions",
      summary: "List sessions",
      description: "`meta.total` is exact up to 10,000 and an estimate beyond.",
      tag: "Sessions",
      scope: "sessions:read",
      query: listQuery,
      examples: [{ query: { metadata_filter: '{"db_uuid":"1234"}', limit: "20" } }],
      responses: [{ status: 200, description: "A page of sessions", schema: listSchema(sessionSchema) }],
      async handle({ caller, query }) {
        const { workspaceId } = caller;
        const agentId = query.agent_id && (await deps.agents.find(workspaceId, query.agent_id))?.id;
        const slice = await deps.sessions.list(
          workspaceId,
          {
            metadata: query.metadata_filter,
            // An agent that is not here has no sessions here.
            agentId: agentId ?? query.agent_id,
            userId: query.user_id,
            channel: query.channel,
            status: query.status,
          },
          ORDERS[query.sort],
          pageRequest(query, query.sort),
        );
        return listReply(slice, query, toSession, query.sort);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/chat/sessions/{id}",
      operationId: "getSession",
      summary: "Get a session",
      tag: "Sessions",
      scope: "sessions:read",
      params: idParams,
      responses: [{ status: 200, description: "The session", schema: sessionSchema }],
      errors: [NOT_FOUND],
      async handle({ caller, params }) {
        return { status: 200, body: toSession(await found(caller.workspaceId, params.id)) };
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/chat/sessions/{id}",
      operationId: "deleteSession",
      summary: "Delete a session",
      description: "Erases it with its messages, executions and deliveries, for good.",
      tag: "Sessions",
      scope: "sessions:write",
      params: idParams,
      responses: [{ status: 204, description: "It is gone", schema: null }],
      errors: [NOT_FOUND],
      async handle({ caller, params }) {
        const session = await found(caller.workspaceId, params.id);
        for (const id of await deps.openExecutions(session.id)) await deps.cancelExecution(id);
        const removed = await deps.writes.remove(caller.workspaceId, session.id);
        if (!removed) throw sessionNotFound(params.id);
        return { status: 204 };
      },
    }),
  ];
}

async function requireAgent(
  { agents }: SessionRoutesDeps,
  workspaceId: string,
  name: string,
): Promise<SessionAgent> {
  const agent = await agents.find(workspaceId, name);
  if (!agent) throw missing("agent", `There is no agent ${name} here.`);
  return agent;
}

function requireChannel(deps: SessionRoutesDeps, workspaceId: string, name: string | null): ChannelRef {
  const channel = deps.channel(workspaceId, name);
  if (!channel) {
    throw missing(
      "channel",
      name === null ? "No channel of kind api is running: name one." : `There is no channel ${name} here.`,
    );
  }
  // Elsewhere many sessions of one user differ by where they are on the platform, which only the platform can say.
  if (channel.sessions === "single" || channel.kind === "api" || channel.kind === "web") return channel;
  throw new RequestError(
    422,
    "channel_opens_sessions",
    `Sessions on ${channel.name} begin on the platform (kind ${channel.kind}).`,
  );
}

async function requireParticipant(
  deps: SessionRoutesDeps,
  { workspaceId, channel, agent }: { workspaceId: string; channel: ChannelRef; agent: SessionAgent },
  body: z.output<typeof createSchema>,
): Promise<Participant | null> {
  if (body.user_id !== undefined && body.user !== undefined) {
    throw new RequestError(422, "ambiguous_user", "Give either user_id or user, not both.");
  }
  if (body.user) return deps.participants.byIdentifier(channel.id, body.user.identifier, agent.id);
  if (body.user_id === undefined) {
    if (channel.sessions === "many") return null;
    throw new RequestError(422, "user_required", `A session on ${channel.name} needs a user.`);
  }
  const user = await deps.participants.byId(workspaceId, body.user_id, agent.id);
  if (!user) throw missing("user", `There is no user ${body.user_id} here.`);
  if (user.channelId === channel.id) return user;
  throw new RequestError(
    422,
    "user_of_other_channel",
    `The user ${user.id} belongs to another channel than ${channel.name}: name theirs as channel.`,
  );
}

function missing(thing: string, message: string): RequestError {
  return new RequestError(404, `${thing}_not_found`, message);
}

const CREATE_ERRORS = [
  { status: 404, code: "agent_not_found", when: "there is no such agent" },
  { status: 404, code: "user_not_found", when: "there is no such user" },
  { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
  { status: 404, code: "version_not_found", when: "the agent has no such version" },
  {
    status: 409,
    code: "session_exists",
    when: "the user may have one session there, or the external id is taken",
  },
  { status: 422, code: "missing_variables", when: "a required variable has no value; `details.missing`" },
  { status: 422, code: "unknown_variables", when: "the agent knows no such variable; `details.unknown`" },
] as const;

const EXAMPLES = [
  { body: { agent_id: "wellness-coach", variables: { preferred_exercise: "running" } } },
  {
    body: {
      agent_id: "wellness-coach",
      user: { identifier: "external-user-123", name: "Ada" },
      title: "Support conversation",
      situation: "This is Ada's first visit.",
      variables: { user_name: "Ada", preferred_exercise: "yoga" },
      metadata: { db_uuid: "1234" },
    },
  },
];
