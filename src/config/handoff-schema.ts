import { z } from "zod";
import { comparable, type HandoffSettings } from "../core/session/handoff-settings.ts";

const MINUTE_MS = 60_000;

const text = (said: string) =>
  z.string().trim().min(1).max(2000).nullable().default(null).describe(`${said} Null: nothing is said.`);

const textsSchema = z.strictObject({
  requested: text("What the user reads once a person is asked for."),
  taken: text("What they read once somebody answers; `{name}` is that person."),
  released: text("What they read when the person leaves."),
  back: text("What they read behind that, when the assistant answers again."),
});

/** An agent's `handoff`: how people take over from it. */
export const handoffSchema = z.strictObject({
  desk: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The place at which people are asked: one of `desks`. Left out: only in the console and over the API.",
    ),
  userWords: z
    .array(z.string().trim().min(1).max(200))
    .max(50)
    .default([])
    .describe("A whole message equal to one of them, in any case, asks for a person: `/human`."),
  onFailure: z
    .boolean()
    .default(false)
    .describe("After the last failed attempt of a turn, a person is requested, instead of the apology."),
  idleMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .nullable()
    .default(60)
    .describe("Time that people may be silent before the assistant answers again. Null: no limit."),
  ownPhone: z
    .boolean()
    .default(false)
    .describe(
      "Words from the owner's own phone take the conversation over (WhatsApp, where the app and the API share a number; business accounts on Telegram).",
    ),
  texts: textsSchema.prefault({}).describe("Messages to the user about it."),
});

/** A place where people are asked and answer. */
export const deskSchema = z.strictObject({
  channel: z.string().min(1).describe("One of `channels`, of kind `slack` or `telegram`."),
  conversation: z
    .string()
    .min(1)
    .max(200)
    .describe("The id of a Slack channel, or of a Telegram group with topics."),
});

/** A desk of a workspace. */
export type Desk = z.output<typeof deskSchema>;

/** The settings as they run; an agent without any can be handed over as well. */
export function runningHandoff(written: z.output<typeof handoffSchema> | undefined): HandoffSettings {
  const { desk = null, userWords, idleMinutes, ...settings } = written ?? handoffSchema.parse({});
  return {
    ...settings,
    desk,
    userWords: userWords.map(comparable),
    idleMs: idleMinutes === null ? null : idleMinutes * MINUTE_MS,
  };
}
