import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import { stableId } from "../../../core/ids.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { OUTREACH_ERRORS } from "../trigger/outreach-target.ts";
import { scheduleBatchSchema } from "./schedule-body.ts";
import { scheduleSchema } from "./schedule-resource.ts";
import { type ScheduleWriteDeps, scheduleOne, TIME_ERRORS } from "./schedule-writes.ts";

const itemSchema = z.object({
  identifier: z.string(),
  status: z.enum(["created", "failed"]),
  schedule: scheduleSchema.optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** `POST /schedules/batch`: the same message and time for many users. */
export function scheduleBatchRoutes(deps: ScheduleWriteDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/schedules/batch",
      operationId: "createSchedules",
      summary: "Schedule a message to many users",
      description: "Each user gets a schedule of their own. One that fails stops no other.",
      tag: "Schedules",
      scope: "trigger:write",
      body: scheduleBatchSchema,
      examples: [
        {
          body: {
            agent_id: "echo",
            channel: "api",
            message_text: "Time for your weekly check-in.",
            cron: "0 9 * * 1",
            timezone: "Europe/Berlin",
            items: [{ identifier: "user-1" }, { identifier: "user-2", timezone: "Africa/Nairobi" }],
          },
        },
      ],
      responses: [
        {
          status: 201,
          description: "The outcome for each user, in the order given",
          schema: z.object({ data: z.array(itemSchema) }),
        },
      ],
      errors: [...OUTREACH_ERRORS, ...TIME_ERRORS],
      async handle({ caller, body, resourceId }) {
        const { items, ...shared } = body;
        const data: z.output<typeof itemSchema>[] = [];
        for (const [index, item] of items.entries()) {
          const { identifier } = item;
          try {
            const id = stableId(`schedule:${resourceId}:${index}`);
            const { name = shared.name, timezone = shared.timezone } = item;
            const one = { ...shared, identifier, name, timezone };
            const schedule = await scheduleOne(deps, caller.workspaceId, one, id);
            data.push({ identifier, status: "created", schedule });
          } catch (error) {
            if (!(error instanceof RequestError) || isAboutAll(error)) throw error;
            data.push({ identifier, status: "failed", error: { code: error.code, message: error.message } });
          }
        }
        return { status: 201, body: { data } };
      },
    }),
  ];
}

/** The agent and the channel are the same for all users. So nothing is stored yet, and the whole batch is refused. */
function isAboutAll({ code }: RequestError): boolean {
  return OUTREACH_ERRORS.some((error) => error.code === code);
}
