import { z } from "zod";
import { durationMs } from "../core/duration.ts";
import { TIME_OF_DAY } from "../core/quiet-hours.ts";
import { isTimezone } from "../core/wall-clock.ts";
import { durationSchema, eventRuleSchema } from "./event-schema.ts";

const variableValue = z.union([z.string(), z.number(), z.boolean()], "write a text, a number, true or false");

const variableSchema = z.strictObject({
  default: variableValue.optional().describe("Used where nothing else gives a value."),
  required: z.boolean().optional().describe("A session without a value is refused; a default satisfies it."),
  description: z
    .string()
    .optional()
    .describe("For people and for the API's answer; the bot does not see it."),
});

const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().describe("Text; `{name}` is replaced by the variable of that name."),
});

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

const historySchema = z.strictObject({
  mode: z
    .enum(["summarize", "truncate", "last_n"])
    .default("summarize")
    .describe(
      "What happens to older messages when the budget is exceeded: summarized, left out, or only the newest sent.",
    ),
  maxTokens: z.int().min(1).default(6000).describe("The budget of everything that is sent, in tokens."),
  keepMessages: z
    .int()
    .min(1)
    .default(20)
    .describe("How many of the newest messages are kept word for word."),
  summaryModel: z
    .string()
    .min(1)
    .optional()
    .describe(
      "`summarize`: a cheaper model of the same provider that writes the summaries. Default: the bot's own.",
    ),
});

const turnsSchema = z.strictObject({
  policy: z
    .enum(["queue", "collect", "interrupt"])
    .default("queue")
    .describe(
      "`queue`: one reply per message. `collect`: messages that arrive together are answered together. `interrupt`: a new message aborts the answer being written.",
    ),
  windowMs: milliseconds(0, 60_000)
    .default(1500)
    .describe("`collect`: how long to wait for more, in milliseconds."),
  timeoutMs: milliseconds(100, 3_600_000)
    .default(120_000)
    .describe("How long the bot may take, in milliseconds."),
  attempts: z.int().min(1).max(20).default(3).describe("Tries in all before the apology."),
  backoffMs: milliseconds(0, 600_000)
    .default(1000)
    .describe("Wait before the second try, in milliseconds; doubles with each further one."),
  apology: z
    .string()
    .default("Sorry, something went wrong and I could not answer. Please try again in a moment.")
    .describe("What the user reads when every try failed; empty for nothing."),
});

const MAX_WINDOW_DAYS = 31;

const limitSchema = z
  .strictObject({
    per: z
      .enum(["session", "user", "agent"])
      .describe("What is counted together; a user is one of a channel."),
    window: durationSchema
      .refine(
        (window) => durationMs(window) <= MAX_WINDOW_DAYS * 86_400_000,
        `write at most ${MAX_WINDOW_DAYS}d`,
      )
      .describe("How long until it is counted anew: `1h`, `1d`. A day begins at midnight UTC."),
    messages: z.int().min(1).optional().describe("How many messages of users are answered in a window."),
    tokens: z
      .int()
      .min(1)
      .optional()
      .describe(
        "How many tokens are used in a window, summaries included; the turn that reaches it is finished.",
      ),
  })
  .refine(
    ({ messages, tokens }) => messages !== undefined || tokens !== undefined,
    "write how many messages or tokens",
  );

const budgetsSchema = z.strictObject({
  limits: z.array(limitSchema).max(20).default([]),
  reply: z
    .string()
    .default("You have reached the limit for now. Please try again later.")
    .describe("What the user reads instead of an answer; empty for nothing."),
});

const resetSchema = z.strictObject({
  reply: z.string().min(1).default("Conversation reset.").describe("What the user reads after `/reset`."),
  prompt: z
    .enum(["editable", "readonly", "hidden"])
    .default("editable")
    .describe(
      "Web chat's reset dialog asks for the prompt of the bot's first message, prefilled with `seedMessage`: visitors may change it, only see it, or the seed message is used unseen.",
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
      "Where a user's participant data has a `timezone`, that one counts; its `quiet_hours` (`from` and `to`, or `false` for none) go before these.",
    ),
});

/** Names of agents and channels: they stand in URLs. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/i,
    "use letters, digits, - and _, at most 64 of them, and start with a letter or digit",
  )
  // An agent can be named by id or by slug; a slug in the shape of an id would make that a guess.
  .refine(
    (name) => !/^[0-9A-Za-z]{27}$/.test(name),
    "use a name that does not look like an id (27 letters and digits)",
  );

/** Everything an agent says but its `bot`, which the bot of that type checks itself. */
export const agentSchema = z.strictObject({
  name: z.string().min(1).max(200).optional().describe("For people. Default: the agent's key."),
  messages: z
    .array(messageSchema)
    .default([])
    .describe("What every conversation starts with: instructions and examples, in order."),
  variables: z
    .record(
      z.string().regex(/^[^\s{}](?:[^{}]*[^\s{}])?$/, "leave out braces and spaces at the ends"),
      variableSchema,
    )
    .default({})
    .describe("The names that `{name}` may stand for."),
  seedMessage: z
    .string()
    .min(1)
    .optional()
    .describe("Prefilled where an operator asks the bot to open a conversation: an instruction to the bot."),
  history: historySchema.prefault({}).describe("What the bot is shown of a long conversation."),
  turns: turnsSchema.prefault({}).describe("How messages become answers."),
  versioning: z
    .enum(["pinned", "latest"])
    .default("pinned")
    .describe(
      "`pinned`: an open session keeps the version it began with. `latest`: it follows each new one.",
    ),
  reset: resetSchema.prefault({}),
  budgets: budgetsSchema.prefault({}).describe("What may be used before the bot is not asked any more."),
  participantData: z
    .enum(["hidden", "prompt"])
    .default("hidden")
    .describe("`prompt`: the bot is shown the user's participant data in its prompt."),
  quietHours: quietHoursSchema
    .optional()
    .describe("When triggers, timeouts and schedules wait instead of writing."),
  events: z.array(eventRuleSchema).default([]).describe("When X, do Y."),
});

export type AgentSettings = z.output<typeof agentSchema>;
