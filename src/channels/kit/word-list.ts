import { z } from "zod";

/** A setting with words that count only as a whole message. `[]` switches it off. */
export const wordListSchema = (words: readonly string[], description: string) =>
  z
    .array(z.string().trim().min(1, "must not be empty").max(40))
    .default([...words])
    .describe(`${description} \`[]\`: no words.`);
