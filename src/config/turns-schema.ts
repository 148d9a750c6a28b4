import { z } from "zod";

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

const APOLOGY = "Sorry, something went wrong and I could not answer. Please try again in a moment.";
const REFUSAL = "Sorry, I cannot answer this message. Please write it in another way, or shorter.";

/** The rules by which an agent answers messages: `turns`. */
export const turnsSchema = z.strictObject({
  policy: z
    .enum(["queue", "collect", "interrupt"])
    .default("queue")
    .describe(
      "`queue`: the bot answers each message separately. `collect`: it answers messages that arrive together with one reply. `interrupt`: a new message stops the answer that is being written.",
    ),
  windowMs: milliseconds(0, 60_000)
    .default(1500)
    .describe("`collect`: time to wait for more messages, in milliseconds."),
  timeoutMs: milliseconds(100, 3_600_000)
    .default(120_000)
    .describe("Time limit for one attempt of the bot, in milliseconds."),
  patienceMs: milliseconds(100, 3_600_000)
    .default(120_000)
    .describe(
      "Time limit until an answer begins, in milliseconds, over all attempts and pauses. After it, the user gets the apology. A value below `timeoutMs` counts as `timeoutMs`. If a provider asks for a longer wait, the bot does not wait.",
    ),
  attempts: z.int().min(1).max(20).default(3).describe("Number of attempts before the apology."),
  backoffMs: milliseconds(0, 600_000)
    .default(1000)
    .describe("Wait before the second attempt, in milliseconds. It doubles for each further attempt."),
  apology: z
    .string()
    .default(APOLOGY)
    .describe("The message to the user when every attempt failed. Empty: no message."),
  refusal: z
    .string()
    .optional()
    .describe(
      "Replaces the apology if the same message would fail again: the provider's policy refused it, or it is too long. Default: the apology, if you set one.",
    ),
  cutShort: z
    .string()
    .max(1000)
    .default("…")
    .describe("Added to the end of a reply that the bot's output limit cut off. Empty: nothing."),
});

/**
 * The text that a user reads if the message would fail again. Without a configured refusal, a custom apology is used,
 * because it may be in another language than the default refusal.
 */
export function refusalText({ apology, refusal }: z.output<typeof turnsSchema>): string {
  return refusal ?? (apology === APOLOGY ? REFUSAL : apology);
}
