import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { someText } from "../../../core/message/some-text.ts";
import type { Handoffs } from "../../../handoffs/handoffs-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "../sessions/require-session.ts";
import { HANDOFF_TAKEN, NO_HANDOFF, refusedError } from "./handoff-errors.ts";
import { handoffSchema, toHandoff } from "./handoff-resource.ts";
import { personOf } from "./person.ts";

export interface HandoffRoutesDeps {
  sessions: Pick<SessionQueries, "find">;
  handoffs: Handoffs;
  /** The names of a workspace's desks. */
  desks(workspaceId: string): readonly string[];
}

const requestSchema = z.strictObject({
  reason: z.string().trim().min(1).max(2000).optional().describe("Why a person is needed"),
  desk: z
    .string()
    .min(1)
    .optional()
    .describe("The desk at which people are asked. Default: the agent's `handoff.desk`"),
  note: z
    .string()
    .trim()
    .min(1)
    .max(10_000)
    .optional()
    .describe("For the person who answers; the user never sees it"),
});

const takeSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .describe("The name of the person who answers, for the user. Default: the key's name"),
  force: z.boolean().default(false).describe("Also if another person answers"),
});

const text = someText.max(100_000).optional();
const releaseSchema = z.strictObject({
  resume: z
    .enum(["next", "now"])
    .default("next")
    .describe("`next`: the bot answers the next message. `now`: also what nobody answered yet"),
  prompt: text.describe("An instruction to the bot, which it follows at once"),
  text: text.describe("The person's last text to the user, sent as written"),
});

/** Handoffs of a session: request a person, take it, release it. */
export function handoffRoutes(deps: HandoffRoutesDeps): Route[] {
  return [requestHandoffRoute(deps), takeHandoffRoute(deps), releaseHandoffRoute(deps)];
}

function requestHandoffRoute(deps: HandoffRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/chat/sessions/{id}/handoff",
    operationId: "requestHandoff",
    summary: "Ask for a person",
    description:
      "From now on the bot is silent: a turn under way is cancelled, and messages are stored without being answered by it. While one is open, the same is answered with 200.",
    tag: "Handoffs",
    scope: "handoff:write",
    params: idParams,
    body: requestSchema,
    examples: [{ body: { reason: "The customer wants a refund." } }],
    responses: [
      { status: 201, description: "The handoff", schema: handoffSchema },
      { status: 200, description: "The one that is open already", schema: handoffSchema },
    ],
    errors: [
      SESSION_NOT_FOUND,
      { status: 409, code: "session_completed", when: "it was completed before" },
      { status: 422, code: "unknown_desk", when: "the configuration has no such desk" },
    ],
    async handle({ caller, params, body, resourceId }) {
      const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
      requireDesk(deps, caller.workspaceId, body.desk);
      const { reason = null, desk, note } = body;
      const asked = { id: resourceId, source: "api", reason, desk, note } as const;
      const outcome = await deps.handoffs.request(session, asked);
      switch (outcome.kind) {
        case "requested":
          return { status: 201, body: toHandoff(outcome.handoff) };
        case "open":
          // A repeated request gets the answer of the first one.
          return {
            status: outcome.handoff.id === resourceId ? 201 : 200,
            body: toHandoff(outcome.handoff),
          };
        case "session_gone":
          throw sessionNotFound(params.id);
        default:
          throw new RequestError(409, "session_completed", `The session ${params.id} is already completed.`);
      }
    },
  });
}

function takeHandoffRoute(deps: HandoffRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/chat/sessions/{id}/handoff/take",
    operationId: "takeHandoff",
    summary: "Answer in the bot's place",
    tag: "Handoffs",
    scope: "handoff:write",
    params: idParams,
    body: takeSchema,
    examples: [{ body: { name: "Anna" } }],
    responses: [{ status: 200, description: "The handoff", schema: handoffSchema }],
    errors: [SESSION_NOT_FOUND, NO_HANDOFF, HANDOFF_TAKEN],
    async handle({ caller, params, body }) {
      const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
      const outcome = await deps.handoffs.take(session, personOf(caller, body.name), body.force);
      if (outcome.kind !== "taken") throw refusedError(params.id, outcome);
      return { status: 200, body: toHandoff(outcome.handoff) };
    },
  });
}

function releaseHandoffRoute(deps: HandoffRoutesDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/chat/sessions/{id}/handoff/release",
    operationId: "releaseHandoff",
    summary: "Give the conversation back to the bot",
    description: "The bot has everything that was said meanwhile as history.",
    tag: "Handoffs",
    scope: "handoff:write",
    params: idParams,
    body: releaseSchema,
    examples: [{ body: { resume: "now" } }],
    responses: [{ status: 200, description: "The handoff", schema: handoffSchema }],
    errors: [SESSION_NOT_FOUND, NO_HANDOFF, HANDOFF_TAKEN],
    async handle({ caller, params, body: { resume, prompt = null, text = null } }) {
      const session = await requireSession(deps.sessions, caller.workspaceId, params.id);
      const by = personOf(caller);
      const outcome = await deps.handoffs.release(session, { by, resume, prompt, text });
      if (outcome.kind !== "released") throw refusedError(params.id, outcome);
      return { status: 200, body: toHandoff(outcome.handoff) };
    },
  });
}

function requireDesk(deps: HandoffRoutesDeps, workspaceId: string, desk: string | undefined): void {
  const desks = deps.desks(workspaceId);
  if (desk === undefined || desks.includes(desk)) return;
  const known = desks.length === 0 ? "There are none" : `There are ${desks.join(", ")}`;
  throw new RequestError(422, "unknown_desk", `There is no desk ${desk}. ${known} in the configuration.`, {
    details: { desks },
  });
}
