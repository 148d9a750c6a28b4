import { z } from "zod";
import { DURATION_PATTERN } from "../../../core/time/duration.ts";
import { ONE_TEXT, SAID } from "../trigger/unprompted-body.ts";

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ local: true })], {
    error: "write a time such as 2027-03-28T09:00:00 (by the clock of timezone) or 2027-03-28T09:00:00Z",
  })
  .describe("RFC 3339; without an offset it is the wall clock of `timezone`");
const duration = z.string().regex(DURATION_PATTERN, "write a number and a unit: 30s, 15m, 2h or 1d");

const fields = {
  name: z.string().min(1).max(200).nullish(),
  ...SAID,
  at: moment.optional(),
  every: duration
    .optional()
    .describe("`2h`, `1d`: from `starts_at` on. Whole days keep their time on the wall clock of `timezone`"),
  cron: z.string().min(1).max(200).optional().describe("Five or six fields, in the wall clock of `timezone`"),
  rrule: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe(
      "A recurrence rule of RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=0;COUNT=10`, in the wall clock of `timezone`",
    ),
  starts_at: moment
    .nullish()
    .describe("Not before; where `every` counts from, and the DTSTART of `rrule`. Default: now"),
  ends_at: moment.nullish().describe("Not after"),
  max_runs: z.int().min(1).max(1_000_000).nullish().describe("The number of runs in total"),
  max_delay: duration
    .nullish()
    .describe("A run that is later than this, after downtime, is skipped. Default: it is sent, late"),
};
const timezone = z.string().min(1).max(64).describe("An IANA time zone, such as `Europe/Berlin`");

/** The number of given values. */
export const count = (...values: unknown[]) => values.filter((value) => value !== undefined).length;
type Body = {
  prompt_text?: unknown;
  message_text?: unknown;
  at?: unknown;
  every?: unknown;
  cron?: unknown;
  rrule?: unknown;
};
/** The ways to set a time; exactly one is allowed. */
export const waysOf = (body: Body) => [body.at, body.every, body.cron, body.rrule];
const oneTime = { message: "give exactly one of at, every, cron and rrule", path: ["at"] };

const place = {
  agent_id: z.string().min(1).describe("Id or slug"),
  channel: z.string().min(1).describe("The channel's name"),
  timezone: timezone
    .describe(
      "An IANA time zone. Default: the user's (`timezone` in their participant data), else that of the agent's quiet hours, else UTC",
    )
    .optional(),
};
const identifier = z
  .string()
  .min(1)
  .max(255)
  .regex(/\S/, "must not be blank")
  .describe("The user's identifier on the channel. A new user is created");

/** The body that creates a schedule. */
export const newScheduleSchema = z
  .strictObject({ ...place, identifier, ...fields })
  .refine((body: Body) => count(body.prompt_text, body.message_text) === 1, ONE_TEXT)
  .refine((body: Body) => count(...waysOf(body)) === 1, oneTime);

/** Maximum number of users in one batch. */
const BATCH_LIMIT = 100;

/** The body that creates a schedule for each of many users. */
export const scheduleBatchSchema = z
  .strictObject({
    ...place,
    ...fields,
    items: z
      .array(z.strictObject({ identifier, name: fields.name, timezone: timezone.optional() }))
      .min(1)
      .max(BATCH_LIMIT)
      .describe("One per user. Fields that an item leaves out are taken from the fields next to `items`"),
  })
  .refine((body: Body) => count(body.prompt_text, body.message_text) === 1, ONE_TEXT)
  .refine((body: Body) => count(...waysOf(body)) === 1, oneTime);

/** The body that changes a schedule. Only given fields change. */
export const scheduleChangeSchema = z
  .strictObject({
    ...fields,
    timezone: timezone.optional(),
    status: z
      .enum(["active", "paused"])
      .optional()
      .describe("Runs that are missed during a pause are not made up for"),
  })
  .refine((body: Body) => count(body.prompt_text, body.message_text) <= 1, ONE_TEXT)
  .refine((body: Body) => count(...waysOf(body)) <= 1, oneTime);

export type ScheduleChangeBody = z.output<typeof scheduleChangeSchema>;
