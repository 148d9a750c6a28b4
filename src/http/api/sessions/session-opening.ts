import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { languageOf, languageTag } from "../../../core/session/user-language.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { keptJsonSchema, versionNumber } from "../route/wire-schemas.ts";
import { requireSession } from "./require-session.ts";
import { sessionSchema, toSession, variablesSchema } from "./session-resource.ts";
import { SESSION_SCOPE_ERRORS, type SessionScopeDeps, sessionScope } from "./session-scope.ts";
import { requireVariables } from "./session-variables.ts";

export interface SessionOpeningDeps extends SessionScopeDeps {
  sessions: Pick<SessionQueries, "find">;
  writes: Pick<SessionWrites, "open">;
  agents: SessionAgents;
}

/** Null means the same as a missing field, because clients in typed languages send every field that they know. */
const bodySchema = z.strictObject({
  agent_id: z.string().min(1).describe("Id or slug"),
  user_id: z.string().min(1).nullish().describe("A user of the channel"),
  user: z
    .strictObject({
      identifier: z
        .string()
        .min(1)
        .max(255)
        .regex(/\S/, "must not be blank")
        .describe("Your own name for the user, unique on the channel"),
      name: z.string().min(1).max(255).nullish(),
      language: z
        .string()
        .refine((text) => languageTag(text) !== null, "write a language tag such as pt-BR")
        .nullish()
        .describe("Their language, for the variable `user_language`"),
    })
    .nullish()
    .describe("Instead of `user_id`: found by identifier, or made"),
  version: versionNumber.nullish().describe("Default: the agent's current one"),
  channel: z.string().min(1).nullish().describe("A channel's name. Default: the first one of kind `api`"),
  external_id: z.string().min(1).max(255).nullish(),
  title: z.string().min(1).max(500).nullish().describe("Default: taken from the first user message"),
  situation: z.string().nullish().describe("A system prompt that sets the scene for this session"),
  variables: variablesSchema.nullish().describe("Values for the agent's `{name}`s"),
  metadata: keptJsonSchema.nullish().describe("Yours; lists can be filtered by it"),
  render_templates: z
    .boolean()
    .nullish()
    .describe(
      "Default: false. Fill in `{{ session.metadata.x }}`, `{{ user.name }}`, `{{ user.language }}`, `{{ agent.name }}`, `{{ variables.x }}`",
    ),
});

/** `POST /chat/sessions`. */
export function sessionOpeningRoutes(deps: SessionOpeningDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions",
      operationId: "createSession",
      summary: "Open a session",
      tag: "Sessions",
      scope: "sessions:write",
      body: bodySchema,
      examples: EXAMPLES,
      responses: [{ status: 201, description: "The session", schema: sessionSchema }],
      errors: ERRORS,
      async handle({ caller, body, resourceId }) {
        const { workspaceId } = caller;
        // A repetition after a crash returns the session of the first call, whatever has changed since.
        const made = await deps.sessions.find(workspaceId, resourceId);
        if (made) return { status: 201, body: toSession(made) };
        const { agent, channel, identifier, participant } = await sessionScope(deps, workspaceId, body);
        const version = body.version ?? agent.currentVersion;
        const opening = await deps.agents.opening(agent.id, version);
        if (!opening) {
          throw new RequestError(
            404,
            "version_not_found",
            `The agent ${agent.slug} has no version ${version}.`,
          );
        }
        requireVariables(body.variables ?? {}, {
          ...opening,
          participantData: participant?.data ?? {},
          profile: {
            user_name: body.user?.name ?? participant?.name ?? null,
            user_language: body.user?.language ?? (participant && languageOf(participant.profile)),
          },
        });
        const opened = await deps.writes.open({
          id: resourceId,
          workspaceId,
          agentId: agent.id,
          agentVersion: version,
          channelId: channel.id,
          single: channel.sessions === "single",
          user:
            identifier === null
              ? participant && { id: participant.id }
              : { identifier, name: body.user?.name ?? null, language: body.user?.language ?? null },
          externalKey: body.external_id ?? null,
          title: body.title ?? null,
          situation: body.situation ?? null,
          renderTemplates: body.render_templates ?? false,
          variables: body.variables ?? {},
          metadata: body.metadata ?? {},
          history: [],
        });
        if (opened.kind === "taken") {
          const message = `The session ${opened.sessionId} is open already: end it, or use it.`;
          throw new RequestError(409, "session_exists", message, {
            details: { session_id: opened.sessionId },
          });
        }
        return { status: 201, body: toSession(await requireSession(deps.sessions, workspaceId, resourceId)) };
      },
    }),
  ];
}

const ERRORS = [
  ...SESSION_SCOPE_ERRORS,
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
