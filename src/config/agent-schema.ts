import { z } from "zod";
import { someText } from "../core/message/some-text.ts";
import { TIME_OF_DAY } from "../core/schedule/quiet-hours.ts";
import { isTimezone } from "../core/time/wall-clock.ts";
import { budgetsSchema } from "./budgets-schema.ts";
import { eventRuleSchema } from "./event-schema.ts";
import { handoffSchema } from "./handoff-schema.ts";
import { shadowSchema } from "./shadow-schema.ts";
import { speechSchema } from "./speech-schema.ts";
import { turnsSchema } from "./turns-schema.ts";

const variableValue = z.union([z.string(), z.number(), z.boolean()], "write a text, a number, true or false");

const variableSchema = z.strictObject({
  default: variableValue.optional().describe("The value if nothing else gives one."),
  required: z
    .boolean()
    .optional()
    .describe("Refuses a session that has no value. A default counts as a value."),
  description: z
    .string()
    .optional()
    .describe("A text for people, which the API returns. The bot does not see it."),
});

const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z
    .union([
      z.string(),
      z.strictObject({
        file: z.string().describe("A text file. Its path is relative to this configuration file."),
      }),
    ])
    // The text of the file replaces a file object before the schema runs. That step also reports any file object that
    // is left.
    .transform((content) => (typeof content === "string" ? content : ""))
    .describe('Text, or `{ "file": … }`. The value of the variable `name` replaces `{name}`.'),
});

const historySchema = z.strictObject({
  mode: z
    .enum(["summarize", "truncate", "last_n"])
    .default("summarize")
    .describe(
      "The treatment of a history that exceeds its budget. `summarize`: older messages are summarized. `truncate`: they are left out. `last_n`: only the newest messages are sent.",
    ),
  maxTokens: z
    .int()
    .min(1)
    .default(6000)
    .describe("The budget of everything that the bot receives, in tokens."),
  keepMessages: z.int().min(1).default(20).describe("Number of the newest messages that stay word for word."),
  summaryModel: z
    .string()
    .min(1)
    .optional()
    .describe(
      "`summarize`: the model that writes the summaries, such as a cheaper one of the same provider. Default: the bot's own model.",
    ),
});

const resetSchema = z.strictObject({
  reply: someText.default("Conversation reset.").describe("The message to the user after `/reset`."),
  prompt: z
    .enum(["editable", "readonly", "hidden"])
    .default("editable")
    .describe(
      "The prompt of the bot's first message (`seedMessage`) in the web chat's reset dialog. `readonly`: visitors see it. `hidden`: they do not see it. `editable`: they may change it, and the bot gets their text as a request of the user.",
    ),
});

const timeOfDay = z.string().regex(TIME_OF_DAY, "write a time of day such as 22:00").describe("`22:00`");

const quietHoursSchema = z.strictObject({
  from: timeOfDay,
  to: timeOfDay,
  timezone: z
    .string()
    .refine(isTimezone, "write an IANA time zone such as Europe/Berlin")
    .default("UTC")
    .describe(
      "A `timezone` in a user's participant data replaces this one. Its `quiet_hours` (`from` and `to`, or `false` for none) replace these.",
    ),
});

/** Names of agents and channels. They are parts of URLs. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/i,
    "use letters, digits, - and _, at most 64 of them, and start with a letter or digit",
  )
  // A caller can name an agent by id or by slug. If a slug looked like an id, the two could be confused.
  .refine(
    (name) => !/^[0-9A-Za-z]{27}$/.test(name),
    "use a name that does not look like an id (27 letters and digits)",
  );

/** All settings of an agent except `bot`, which the bot of that type checks itself. */
export const agentSchema = z.strictObject({
  name: z.string().min(1).max(200).optional().describe("The name for people. Default: the agent's key."),
  messages: z
    .array(messageSchema)
    .default([])
    .describe("The start of every conversation: instructions and examples, in order."),
  variables: z
    .record(
      z.string().regex(/^[^\s{}](?:[^{}]*[^\s{}])?$/, "leave out braces and spaces at the ends"),
      variableSchema,
    )
    .default({})
    .describe("The variables that messages may use as `{name}`."),
  seedMessage: someText
    .optional()
    .describe("An instruction to the bot that opens a conversation. Operators get it as the default text."),
  history: historySchema.prefault({}).describe("The part of a long conversation that the bot receives."),
  turns: turnsSchema.prefault({}).describe("Rules for answering messages."),
  versioning: z
    .enum(["pinned", "latest"])
    .default("pinned")
    .describe(
      "`pinned`: an open session keeps the version that it started with. `latest`: it follows each new version.",
    ),
  reset: resetSchema.prefault({}),
  budgets: budgetsSchema
    .prefault({})
    .describe("Limits of use. When one is reached, the bot does not answer."),
  participantData: z
    .enum(["hidden", "prompt"])
    .default("hidden")
    .describe("`prompt`: the bot's prompt contains the user's participant data."),
  quietHours: quietHoursSchema
    .optional()
    .describe("The hours in which triggers, timeouts and schedules send nothing. They wait for the end."),
  handoff: handoffSchema
    .optional()
    .describe("The way people take over from the bot; see [A person answers](handoff.md)."),
  speech: speechSchema
    .optional()
    .describe("Voice messages: how the agent hears them, and when it speaks; see [Voice](voice.md)."),
  shadow: shadowSchema
    .optional()
    .describe(
      "Another agent that also answers this one's turns. Its answers are never sent. See [Try another version](bots.md#beside-live-turns).",
    ),
  retentionDays: z
    .int()
    .min(1)
    .max(99_999)
    .optional()
    .describe(
      "Number of days after its last change until a session is erased, with everything in it. Default: `CAUSEWAY_RETENTION_DAYS`.",
    ),
  events: z.array(eventRuleSchema).default([]).describe("Event rules: if an event happens, run actions."),
});

export type AgentSettings = z.output<typeof agentSchema>;
