import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { someText } from "../../../core/message/some-text.ts";
import type { ChannelRef } from "../../../core/session/runtime.ts";
import type { Ingest } from "../../../ingest/accept-inbound.ts";
import type { SessionControl } from "../../../sessions/session-control-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { type Caller, defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND } from "./require-session.ts";
import { sessionSchema, toSession } from "./session-resource.ts";

export interface SessionActionDeps {
  sessions: SessionQueries;
  control: SessionControl;
  /** Null while the channel does not run. */
  channel(channelId: string): ChannelRef | null;
  acceptMessage: Ingest["acceptMessage"];
}

const triggerEvents = z
  .boolean()
  .default(true)
  .describe("Whether the agent's event rules for the end of a session fire");

const endSchema = z.strictObject({ trigger_events: triggerEvents });

const resetSchema = z
  .strictObject({
    trigger_events: triggerEvents,
    prompt: someText.optional().describe("An instruction to the bot, for its first message"),
    text: someText.optional().describe("The first message itself, sent as written"),
  })
  .refine((body) => body.prompt === undefined || body.text === undefined, {
    message: "give either prompt or text, not both",
    path: ["text"],
  });

const ERRORS = [
  SESSION_NOT_FOUND,
  { status: 409, code: "session_completed", when: "it was completed before" },
] as const;

const ENDED = { before: { status: "active" }, after: { status: "completed" } };

/** A person at the console, or a program. */
function reasonOf({ consoleId }: Caller): "operator" | "api" {
  return consoleId === null ? "api" : "operator";
}

/** An operator's actions on a session: end it, or start it over. */
export function sessionActionRoutes(deps: SessionActionDeps): Route[] {
  const found = (workspaceId: string, id: string) => requireSession(deps.sessions, workspaceId, id);
  const completed = (id: string) =>
    new RequestError(409, "session_completed", `The session ${id} is already completed.`);
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/end",
      operationId: "endSession",
      summary: "End a session",
      description:
        "Messages in it that still wait for an answer are cancelled. A later message opens the next session.",
      tag: "Sessions",
      scope: "sessions:write",
      params: idParams,
      body: endSchema,
      examples: [{ body: { trigger_events: false } }],
      responses: [{ status: 200, description: "The completed session", schema: sessionSchema }],
      errors: ERRORS,
      async handle({ caller, params, body }) {
        const session = await found(caller.workspaceId, params.id);
        if (!(await deps.control.end(session, reasonOf(caller), body.trigger_events)))
          throw completed(params.id);
        const ended = toSession(await found(caller.workspaceId, session.id));
        return { status: 200, body: ended, change: ENDED };
      },
    }),
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/reset",
      operationId: "resetSession",
      summary: "Start a session over",
      description:
        "Completes it and opens the next one: same user, situation and variables, none of the history. If a user has many sessions, the metadata is kept, too.",
      tag: "Sessions",
      scope: "sessions:write",
      params: idParams,
      body: resetSchema,
      examples: [{ body: { trigger_events: true, prompt: "Greet the user and ask how they feel today." } }],
      responses: [{ status: 201, description: "The new session", schema: sessionSchema }],
      errors: ERRORS,
      async handle({ caller, params, body, resourceId }) {
        const { workspaceId } = caller;
        const session = await found(workspaceId, params.id);
        const channel = deps.channel(session.channelId);
        if ((body.prompt ?? body.text) !== undefined && !channel) {
          throw new RequestError(
            409,
            "channel_not_running",
            `The channel ${session.channel} is not running.`,
          );
        }
        const options = {
          reason: reasonOf(caller),
          triggerEvents: body.trigger_events,
          newSessionId: resourceId,
        };
        if (!(await deps.control.reset(session, options))) throw completed(params.id);
        if (body.text !== undefined) await deps.control.openWith(resourceId, session.channelId, body.text);
        if (body.prompt !== undefined && channel) {
          await deps.acceptMessage(
            { ...channel, agentId: session.agentId },
            {
              sessionId: resourceId,
              content: body.prompt,
              eventKey: `api:${resourceId}:opening`,
              origin: "instruction",
            },
          );
        }
        return { status: 201, body: toSession(await found(workspaceId, resourceId)), change: ENDED };
      },
    }),
  ];
}
