import { z } from "zod";
import type { SpeechSettings } from "../core/session/speech-settings.ts";

const serverShape = (call: string, model: string) => ({
  baseUrl: z
    .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
    .describe(`Address of a server with \`POST ${call}\`, with its version (\`https://host/v1\`).`),
  apiKey: z
    .string()
    .min(1)
    .optional()
    .describe('A reference such as `"$SPEECH_API_KEY"`. Local servers often need none.'),
  model: z.string().min(1).describe(`The server's name of the model: \`${model}\`.`),
});

const listenSchema = z.strictObject({
  ...serverShape("/audio/transcriptions", "whisper-1"),
  language: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe("The language of the users (`de`). Default: the server detects it."),
  prompt: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe("Names and words that the server should know, as a text in the users' language."),
  maxSeconds: z
    .int()
    .min(1)
    .max(7200)
    .default(900)
    .describe("A longer voice message is not transcribed, and the bot gets a note about it."),
});

const speakSchema = z.strictObject({
  when: z
    .enum(["never", "reply", "always"])
    .default("reply")
    .describe(
      "`never`: the bot writes. `reply`: it answers a voice message by voice. `always`: it answers every message by voice.",
    ),
  ...serverShape("/audio/speech", "tts-1"),
  voice: z.string().min(1).describe("The server's name of the voice: `alloy`."),
  instructions: z
    .string()
    .min(1)
    .max(4000)
    .optional()
    .describe("The way to speak, for models that accept instructions: `Speak calmly.`"),
});

/** An agent's `speech`: how it hears voice messages, and how it speaks. */
export const speechSchema = z
  .strictObject({
    listen: listenSchema.optional().describe("The server that turns voice messages into words."),
    speak: speakSchema.optional().describe("The server that turns the bot's words into voice messages."),
  })
  .refine(
    ({ listen, speak }) => listen !== undefined || speak !== undefined,
    "write `listen`, `speak` or both",
  );

/** The settings as they run. */
export function runningSpeech(written: z.output<typeof speechSchema> | undefined): SpeechSettings {
  const { listen, speak } = written ?? {};
  return {
    listen:
      listen === undefined
        ? null
        : { ...listen, ...address(listen), language: listen.language ?? null, prompt: listen.prompt ?? null },
    speak:
      speak === undefined ? null : { ...speak, ...address(speak), instructions: speak.instructions ?? null },
  };
}

function address({ baseUrl, apiKey }: { baseUrl: string; apiKey?: string | undefined }) {
  return { baseUrl: baseUrl.replace(/\/+$/, ""), apiKey: apiKey ?? null };
}
