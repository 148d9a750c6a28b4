import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { storedTraceparent } from "../../../core/trace/trace-ids.ts";
import type { Trigger } from "../../../triggers/trigger.ts";
import type { TriggerOutcome } from "../../../triggers/trigger-outcome.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { OUTREACH_ERRORS, type OutreachDeps, outreachTarget } from "./outreach-target.ts";
import { batchSchema, hasOneText, saidTo, triggerSchema } from "./trigger-body.ts";
import { presentTriggered, triggeredItemSchema, triggeredSchema } from "./trigger-resource.ts";
import { ONE_TEXT, requireUnprompted } from "./unprompted-body.ts";

export interface TriggerRoutesDeps extends OutreachDeps {
  /** Runs a trigger once per key, and starts the delivery of its message. */
  trigger(trigger: Omit<Trigger, "notBefore">, ignoreQuietHours: boolean): Promise<TriggerOutcome>;
}

/** The Trigger Bot Message API: an operator lets the bot write to a user. */
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
      "The answer comes when the message is stored. Its execution or its deliveries show the result.",
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
    responses: [
      { status: 202, description: "The execution or the deliveries of the message", schema: triggeredSchema },
    ],
    errors: [
      ...OUTREACH_ERRORS,
      {
        status: 409,
        code: "handoff_open",
        when: "a person answers, and the bot is to write; nothing was stored",
      },
      {
        status: 409,
        code: "user_unreachable",
        when: "it would not arrive: they blocked the bot, or opted out; nothing was stored",
      },
      {
        status: 422,
        code: "missing_variables",
        when: "on an API channel a new session needs values that neither the user's data nor `participant_data` has",
      },
    ],
    async handle({ caller, body, headers, resourceId }) {
      const { agent, channel } = await outreachTarget(deps, caller.workspaceId, {
        agent: body.agent_id,
        channel: body.channel,
      });
      const request = {
        channel,
        agentId: agent.id,
        identifier: body.identifier,
        message: requireUnprompted(body.prompt_text, body.message_text, body),
        startNewSession: body.start_new_session,
        sessionData: body.session_data,
        participantData: body.participant_data,
        metadata: {},
        key: `trigger:${resourceId}`,
        traceparent: storedTraceparent(headers["traceparent"]),
      };
      const outcome = await deps.trigger(request, body.ignore_quiet_hours);
      return { status: 202, body: presentTriggered(body.identifier, outcome) };
    },
  });

const triggerMany = (deps: TriggerRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/trigger_bot_message/batch",
    operationId: "triggerBotMessages",
    summary: "Make the bot message many users",
    description: "Each item is independent: one that fails stops no other. Sends keep to the channel's pace.",
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
        description: "The result of each, in the given order",
        schema: z.object({ data: z.array(triggeredItemSchema) }),
      },
    ],
    errors: OUTREACH_ERRORS,
    async handle({ caller, body, headers, resourceId }) {
      const { agent, channel } = await outreachTarget(deps, caller.workspaceId, {
        agent: body.agent_id,
        channel: body.channel,
      });
      const results = [];
      for (const [index, item] of body.items.entries()) {
        const own = saidTo(item, body);
        if (!hasOneText(own)) {
          results.push(failed(item.identifier, "invalid_body", ONE_TEXT.message));
          continue;
        }
        try {
          const request = {
            channel,
            agentId: agent.id,
            identifier: item.identifier,
            message: requireUnprompted(own.prompt_text, own.message_text, own),
            startNewSession: body.start_new_session,
            sessionData: item.session_data ?? body.session_data,
            participantData: item.participant_data ?? body.participant_data,
            metadata: {},
            key: `trigger:${resourceId}:${index}`,
            traceparent: storedTraceparent(headers["traceparent"]),
          };
          const outcome = await deps.trigger(request, body.ignore_quiet_hours);
          const { identifier } = item;
          results.push({ identifier, status: "accepted", ...presentTriggered(identifier, outcome) });
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          results.push(failed(item.identifier, error.code, error.message));
        }
      }
      return { status: 202, body: { data: results } };
    },
  });

function failed(who: string, code: string, message: string) {
  return { identifier: who, status: "failed", error: { code, message } };
}
