import { z } from "zod";
import type { JsonObject } from "../../../core/text/json.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { Prospect } from "../../../triggers/prospects.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idSchema, keptJsonSchema, timestampSchema } from "../route/wire-schemas.ts";
import { reachableOf, reachableSchema } from "../users/reachable.ts";
import {
  OUTREACH_ERRORS,
  type OutreachChannel,
  type OutreachDeps,
  outreachTarget,
} from "./outreach-target.ts";

export interface TriggerCheckDeps extends OutreachDeps {
  /** Checks what would happen to a message now. Sends and stores nothing. */
  check(
    channel: OutreachChannel,
    agentId: string,
    to: { identifier: string; participantData: JsonObject },
  ): Promise<Prospect>;
  sessions: Pick<SessionQueries, "list">;
}

const MOST = 100;

const body = z.strictObject({
  agent_id: z.string().min(1).describe("Id or slug"),
  channel: z.string().min(1).describe("The channel's name"),
  items: z
    .array(
      z.strictObject({
        identifier: z.string().min(1).max(255).regex(/\S/, "must not be blank"),
        participant_data: keptJsonSchema
          .default({})
          .describe("As the trigger would merge it. It may hold another time zone or other quiet hours"),
      }),
    )
    .min(1)
    .max(MOST),
});

const checkedSchema = z
  .object({
    identifier: z.string().describe("As given"),
    user: z
      .object({ id: idSchema, identifier: z.string(), name: z.string().nullable() })
      .nullable()
      .describe("Null: they are new here"),
    reachable: reachableSchema,
    quiet_until: timestampSchema
      .nullable()
      .describe("When a message would go, in quiet hours. Null: at once"),
    session: z
      .object({
        id: idSchema,
        title: z.string().nullable(),
        handoff: z.boolean().describe("A person answers there, so the bot writes nothing"),
      })
      .nullable()
      .describe("The open session, which the message joins or ends"),
    handed_to: z
      .object({ agent_id: idSchema, session_id: idSchema })
      .nullable()
      .describe(
        "Another agent, to which a rule handed them. A message of `agent_id` takes them back from it",
      ),
  })
  .meta({ id: "TriggerCheck" });

/** `POST /trigger_bot_message/check`: checks what would happen to messages before they are sent. */
export function triggerCheckRoutes(deps: TriggerCheckDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/trigger_bot_message/check",
      operationId: "checkTrigger",
      summary: "Tell what a message would meet",
      description:
        "For each person: whether a message arrives, whether only a template does, until when it waits for quiet " +
        "hours, and which session it joins. Sends and stores nothing.",
      tag: "Trigger",
      scope: "trigger:write",
      audited: "never",
      body,
      examples: [{ body: { agent_id: "echo", channel: "api", items: [{ identifier: "user-1" }] } }],
      responses: [
        {
          status: 200,
          description: "One for each item, in the order given",
          schema: z.object({ data: z.array(checkedSchema) }),
        },
      ],
      errors: OUTREACH_ERRORS,
      async handle({ caller, body: asked }) {
        const names = { agent: asked.agent_id, channel: asked.channel };
        const { agent, channel } = await outreachTarget(deps, caller.workspaceId, names);
        const data = [];
        // One after another, so that a long list does not take all connections to the database.
        for (const { identifier, participant_data: participantData } of asked.items) {
          const prospect = await deps.check(channel, agent.id, { identifier, participantData });
          const session = prospect.user && (await openSession(deps, prospect.user.id, agent.id, channel));
          data.push({
            identifier,
            user: prospect.user,
            reachable: reachableOf(prospect.state, prospect.since),
            quiet_until: prospect.quietUntil?.toISOString() ?? null,
            session,
            handed_to: prospect.handedTo && {
              agent_id: prospect.handedTo.agentId,
              session_id: prospect.handedTo.sessionId,
            },
          });
        }
        return { status: 200, body: { data } };
      },
    }),
  ];
}

/** The session that a message of this agent joins; null if it opens one. */
async function openSession(
  { sessions }: Pick<TriggerCheckDeps, "sessions">,
  userId: string,
  agentId: string,
  { workspaceId, name }: OutreachChannel,
) {
  const { rows } = await sessions.list(
    workspaceId,
    { userId, agentId, channel: name, status: "active" },
    { by: "updatedAt", descending: true },
    { limit: 1, offset: 0, after: null },
  );
  const [session] = rows;
  return session ? { id: session.id, title: session.title, handoff: session.handoff !== null } : null;
}
