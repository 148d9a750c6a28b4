import { z } from "zod";
import { RequestError } from "../../../core/errors.ts";
import type { TriggerOutcome } from "../../../triggers/trigger-outcome.ts";
import type { Trigger } from "../../../triggers/trigger-repository.ts";
import {
  OUTREACH_ERRORS,
  type OutreachDeps,
  outreachTarget,
  requireSaying,
  SAID,
} from "../outreach-target.ts";
import { defineRoute, type Route } from "../route.ts";
import { idSchema, jsonObjectSchema, timestampSchema } from "../wire-schemas.ts";

export interface TriggerRoutesDeps extends OutreachDeps {
  /** Carries a trigger out, once per key, and moves what was said. */
  trigger(trigger: Omit<Trigger, "notBefore">, ignoreQuietHours: boolean): Promise<TriggerOutcome>;
}

const BATCH_LIMIT = 100;

const data = {
  session_data: jsonObjectSchema.default({}).describe("Merged into the session's metadata (RFC 7396)"),
  participant_data: jsonObjectSchema.default({}).describe("Merged into the participant data (RFC 7396)"),
};
const identifier = z
  .string()
  .min(1)
  .max(255)
  .describe("Who the user is on the channel, such as the chat id on Telegram. Made where they are new");
const target = {
  agent_id: z.string().min(1).describe("Id or slug"),
  channel: z.string().min(1).describe("The channel's name"),
  start_new_session: z
    .boolean()
    .default(false)
    .describe("Ends the user's session (`new_session`), if there is one, and starts another"),
  ignore_quiet_hours: z
    .boolean()
    .default(false)
    .describe("Sends now, also where the agent's or the user's quiet hours say that it should wait"),
};

const oneText = (body: { prompt_text?: string | undefined; message_text?: string | undefined }) =>
  (body.prompt_text === undefined) !== (body.message_text === undefined);
const ONE_TEXT = { message: "give exactly one of prompt_text and message_text", path: ["prompt_text"] };

const triggerSchema = z.strictObject({ ...target, identifier, ...SAID, ...data }).refine(oneText, ONE_TEXT);

const batchSchema = z.strictObject({
  ...target,
  ...SAID,
  ...data,
  items: z
    .array(
      z.strictObject({
        identifier,
        ...SAID,
        session_data: jsonObjectSchema.optional(),
        participant_data: jsonObjectSchema.optional(),
      }),
    )
    .min(1)
    .max(BATCH_LIMIT)
    .describe("One per user; what an item leaves out is taken from beside it"),
});

const answerFields = {
  session_id: idSchema.optional().describe("Left out where the session has ended since"),
  execution_id: idSchema.optional().describe("Of a prompt: the turn that writes the message"),
  delivery_ids: z.array(idSchema).optional().describe("Of a text: its sends, in parts where it is long"),
  schedule_id: idSchema
    .optional()
    .describe("In quiet hours: the schedule that sends it. The session is open and the data merged already"),
  sends_at: timestampSchema.optional().describe("In quiet hours: when they are over"),
  warnings: z
    .array(z.object({ code: z.string(), message: z.string() }))
    .optional()
    .describe(
      "What will not be as asked: `template_only`, or `window_closed` where it waits until they write",
    ),
};
const answerSchema = z.object(answerFields).meta({ id: "Triggered" });

const itemSchema = z.object({
  identifier: z.string(),
  status: z.enum(["accepted", "failed"]),
  ...answerFields,
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** The Trigger Bot Message API: an operator makes the bot message a user. */
export function triggerRoutes(deps: TriggerRoutesDeps): Route[] {
  return [triggerOne(deps), triggerMany(deps)];
}

const triggerOne = (deps: TriggerRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/trigger_bot_message",
    operationId: "triggerBotMessage",
    summary: "Make the bot message a user",
    description:
      "Answered when the message is stored; what becomes of it is told by its execution or its deliveries.",
    tag: "Trigger",
    scope: "trigger:write",
    body: triggerSchema,
    examples: [
      {
        body: {
          agent_id: "echo",
          channel: "api",
          identifier: "user-1",
          prompt_text: "Remind the user of their appointment.",
          session_data: { campaign: "appointments" },
        },
      },
    ],
    responses: [{ status: 202, description: "Where it is on its way", schema: answerSchema }],
    errors: [
      ...OUTREACH_ERRORS,
      {
        status: 409,
        code: "user_unreachable",
        when: "it would not arrive: they blocked the bot, or opted out; nothing was stored",
      },
    ],
    async handle({ caller, body, resourceId }) {
      const { agent, channel } = await outreachTarget(deps, caller.workspaceId, {
        agent: body.agent_id,
        channel: body.channel,
      });
      const request = {
        channel,
        agentId: agent.id,
        identifier: body.identifier,
        saying: requireSaying(body.prompt_text, body.message_text, body),
        startNewSession: body.start_new_session,
        sessionData: body.session_data,
        participantData: body.participant_data,
        metadata: {},
        key: `trigger:${resourceId}`,
      };
      const outcome = await deps.trigger(request, body.ignore_quiet_hours);
      return { status: 202, body: present(body.identifier, outcome) };
    },
  });

const triggerMany = (deps: TriggerRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/trigger_bot_message/batch",
    operationId: "triggerBotMessages",
    summary: "Make the bot message many users",
    description: "Each item stands alone: one that fails stops no other. Sends keep to the channel's pace.",
    tag: "Trigger",
    scope: "trigger:write",
    body: batchSchema,
    examples: [
      {
        body: {
          agent_id: "echo",
          channel: "api",
          message_text: "We are closed tomorrow.",
          items: [{ identifier: "user-1" }, { identifier: "user-2", message_text: "See you tomorrow!" }],
        },
      },
    ],
    responses: [
      {
        status: 202,
        description: "What became of each, in the order given",
        schema: z.object({ data: z.array(itemSchema) }),
      },
    ],
    errors: OUTREACH_ERRORS,
    async handle({ caller, body, resourceId }) {
      const { agent, channel } = await outreachTarget(deps, caller.workspaceId, {
        agent: body.agent_id,
        channel: body.channel,
      });
      const results = [];
      for (const [index, item] of body.items.entries()) {
        const own = saidTo(item, body);
        if (!oneText(own)) {
          results.push(failed(item.identifier, "invalid_body", ONE_TEXT.message));
          continue;
        }
        try {
          const request = {
            channel,
            agentId: agent.id,
            identifier: item.identifier,
            saying: requireSaying(own.prompt_text, own.message_text, own),
            startNewSession: body.start_new_session,
            sessionData: item.session_data ?? body.session_data,
            participantData: item.participant_data ?? body.participant_data,
            metadata: {},
            key: `trigger:${resourceId}:${index}`,
          };
          const outcome = await deps.trigger(request, body.ignore_quiet_hours);
          const { identifier } = item;
          results.push({ identifier, status: "accepted", ...present(identifier, outcome) });
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          results.push(failed(item.identifier, error.code, error.message));
        }
      }
      return { status: 202, body: { data: results } };
    },
  });

interface Said {
  prompt_text?: string | undefined;
  message_text?: string | undefined;
  buttons?: z.output<typeof SAID.buttons>;
  attachments?: z.output<typeof SAID.attachments>;
}

/** A text of an item's own comes with its own buttons and files only; below everybody's it may have its own, too. */
function saidTo(item: Said, everybody: Said): Said {
  if (item.prompt_text !== undefined || item.message_text !== undefined) return item;
  const { prompt_text, message_text } = everybody;
  const buttons = item.buttons ?? everybody.buttons;
  const attachments = item.attachments ?? everybody.attachments;
  return { prompt_text, message_text, buttons, attachments };
}

function failed(who: string, code: string, message: string) {
  return { identifier: who, status: "failed", error: { code, message } };
}

function present(identifier: string, outcome: TriggerOutcome): z.output<typeof answerSchema> {
  if (outcome.kind === "unreachable") {
    const { code, reason, since } = outcome;
    const details = { code, reason, since: since?.toISOString() ?? null };
    const message = `${identifier} cannot be written to: ${reason}.`;
    throw new RequestError(409, "user_unreachable", message, { details });
  }
  const { sessionId, limited } = outcome;
  const follow =
    outcome.kind === "deferred"
      ? { schedule_id: outcome.scheduleId, sends_at: outcome.sendsAt.toISOString() }
      : outcome.executionId === null
        ? { delivery_ids: outcome.deliveryIds }
        : { execution_id: outcome.executionId };
  return {
    ...(sessionId === null ? {} : { session_id: sessionId }),
    ...follow,
    ...(limited ? { warnings: [{ code: limited.code, message: limited.reason }] } : {}),
  };
}
