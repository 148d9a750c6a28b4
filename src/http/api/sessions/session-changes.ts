import { z } from "zod";
import type { SessionAgents, VersionOpening } from "../../../agents/session-agent-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { languageOf } from "../../../core/session/user-language.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { mergePatch } from "../../../core/text/merge-patch.ts";
import type { ChangeableSession, SessionChanges } from "../../../sessions/session-changes-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionWrites } from "../../../sessions/session-writes-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, keptJsonSchema, versionNumber } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "./require-session.ts";
import { sessionSchema, toSession, variablesSchema } from "./session-resource.ts";
import { requireVariables } from "./session-variables.ts";

export interface SessionChangeDeps {
  sessions: SessionQueries;
  writes: Pick<SessionWrites, "change">;
  agents: Pick<SessionAgents, "opening">;
}

/** A field of a session that nobody can change. */
function immutable(instead: string) {
  return z
    .unknown()
    .optional()
    .superRefine((value, context) => {
      if (value === undefined) return;
      context.addIssue({
        code: "custom",
        params: { code: "immutable_field" },
        message: `cannot be changed: ${instead}`,
      });
    })
    .describe(`Refused as \`immutable_field\`: ${instead}`);
}

const variablePatch = z.record(z.string(), z.union([...variablesSchema.valueType.options, z.null()]));

const patchSchema = z.strictObject({
  title: z.string().min(1).max(500).nullish(),
  situation: z.string().nullish(),
  summary: z.string().nullish().describe("The text that the bot gets instead of older messages"),
  external_id: z.string().min(1).max(255).nullish(),
  render_templates: z.boolean().nullish().describe("Null: false"),
  variables: variablePatch.nullish().describe("Merged; null removes one. Later turns use the new values"),
  metadata: keptJsonSchema.nullish().describe("Merged (RFC 7396): null removes a key, deep. Null: empty"),
  agent_id: immutable("open another session with the other agent"),
  agent_version: versionNumber
    .optional()
    .describe("Another version of the session's agent, from the next turn on; its timeouts begin anew"),
  version: immutable("write agent_version"),
  user_id: immutable("open another session for the other user"),
  user: immutable("open another session for the other user"),
  channel: immutable("open another session there"),
  participant_data: immutable("change it at /users/{id}/data/{agent_id}"),
  handoff: immutable("ask for a person at /chat/sessions/{id}/handoff"),
  status: immutable("end the session at /chat/sessions/{id}/end"),
  end_reason: immutable("end the session at /chat/sessions/{id}/end"),
  id: immutable("it is the session's name"),
  workspace_id: immutable("it is the session's place"),
  created_at: immutable("it is what happened"),
  updated_at: immutable("it is what happened"),
  last_activity_at: immutable("it is what happened"),
  ended_at: immutable("it is what happened"),
});

type Patch = z.output<typeof patchSchema>;

/** `PATCH /chat/sessions/{id}`: only present keys change, and null clears one. */
export function sessionChangeRoutes(deps: SessionChangeDeps): Route[] {
  return [
    defineRoute({
      method: "PATCH",
      path: "/chat/sessions/{id}",
      operationId: "updateSession",
      summary: "Change a session",
      description:
        "Only fields that are present change; null clears one. Messages already stored stay as they are.",
      tag: "Sessions",
      scope: "sessions:write",
      params: idParams,
      body: patchSchema,
      examples: [
        { body: { situation: "You are summarising new breakthroughs in maths." } },
        { body: { title: null, metadata: { db_uuid: null, stage: "done" } } },
      ],
      responses: [{ status: 200, description: "The session", schema: sessionSchema }],
      errors: [
        SESSION_NOT_FOUND,
        { status: 404, code: "version_not_found", when: "the session's agent has no such version" },
        { status: 409, code: "external_id_taken", when: "another open session of the channel has that name" },
        { status: 422, code: "immutable_field", when: "a field was given that nobody can change" },
        { status: 422, code: "missing_variables", when: "a required variable would be left without a value" },
        { status: 422, code: "unknown_variables", when: "the agent knows no such variable" },
      ],
      async handle({ caller, params, body }) {
        const { workspaceId } = caller;
        const session = await requireSession(deps.sessions, workspaceId, params.id);
        const version = body.agent_version ?? session.agentVersion;
        const opening = await deps.agents.opening(session.agentId, version);
        if (!opening && body.agent_version !== undefined) {
          const message = `The session's agent has no version ${body.agent_version}.`;
          throw new RequestError(404, "version_not_found", message);
        }
        const outcome = await deps.writes.change(workspaceId, session.id, (current) => {
          const changes = changesOf(body, current);
          if (changes.variables !== undefined || changes.agentVersion !== undefined) {
            const variables = changes.variables ?? knownOf(current.variables, opening);
            const { userName, userProfile, participantData } = current;
            const profile = { user_name: userName, user_language: languageOf(userProfile) };
            requireVariables(variables, { ...NO_SPECS, ...opening, participantData, profile });
          }
          return changes;
        });
        if (outcome === "external_id_taken") {
          throw new RequestError(
            409,
            "external_id_taken",
            "Another open session of the channel has that external_id.",
          );
        }
        const changed = outcome === "changed" ? await deps.sessions.find(workspaceId, session.id) : null;
        if (!changed) throw sessionNotFound(params.id);
        const moved = session.agentVersion !== changed.agentVersion;
        const change = {
          before: moved ? { agent_version: session.agentVersion } : {},
          after: moved ? { agent_version: changed.agentVersion } : {},
        };
        return { status: 200, body: toSession(changed), change };
      },
    }),
  ];
}

const NO_SPECS = { specs: {}, detected: [] };

/** The values that another version knows. An unknown value is no reason to refuse the move. */
function knownOf(
  variables: ChangeableSession["variables"],
  opening: VersionOpening | null,
): ChangeableSession["variables"] {
  const known = [...Object.keys(opening?.specs ?? {}), ...(opening?.detected ?? [])];
  return Object.fromEntries(Object.entries(variables).filter(([name]) => known.includes(name)));
}

function changesOf(patch: Patch, current: ChangeableSession): SessionChanges {
  const changes: SessionChanges = {};
  if (patch.agent_version !== undefined) changes.agentVersion = patch.agent_version;
  if (patch.title !== undefined) changes.title = patch.title;
  if (patch.situation !== undefined) changes.situation = patch.situation;
  if (patch.summary !== undefined) changes.summary = patch.summary;
  if (patch.external_id !== undefined) changes.externalKey = patch.external_id;
  if (patch.render_templates !== undefined) changes.renderTemplates = patch.render_templates ?? false;
  if (patch.metadata !== undefined) changes.metadata = merged(current.metadata, patch.metadata);
  if (patch.variables !== undefined) {
    changes.variables = variablesSchema.parse(merged(current.variables, patch.variables));
  }
  return changes;
}

function merged(current: JsonObject, patch: JsonObject | null): JsonObject {
  return patch === null ? {} : mergePatch(current, patch);
}
