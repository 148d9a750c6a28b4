import type { SpeakSettings } from "../core/session/speech-settings.ts";
import { callSpeechServer, fault, type SpeechFault } from "./speech-server.ts";

export type Synthesized = { kind: "spoken"; content: Buffer } | SpeechFault;

/** The limit of WhatsApp for a sound. */
const MOST_SOUND_BYTES = 16 * 1_048_576;

/** Turns words into a voice message, in Ogg/Opus. */
export async function synthesize(
  speak: SpeakSettings,
  words: string,
  signal: AbortSignal,
): Promise<Synthesized> {
  const { model, voice, instructions } = speak;
  const answer = await callSpeechServer(speak, {
    path: "/audio/speech",
    body: JSON.stringify({
      model,
      input: words,
      voice,
      response_format: "opus",
      ...(instructions !== null && { instructions }),
    }),
    mostBytes: MOST_SOUND_BYTES,
    refusal: "text_refused",
    signal,
  });
  if (answer.kind === "failed") return answer;
  const { content } = answer;
  if (content.subarray(0, 4).toString("latin1") === "OggS") return { kind: "spoken", content };
  const { host } = new URL(speak.baseUrl);
  const reason = `${host} answered something else than sound in Ogg/Opus`;
  return fault("bad_answer", reason, { retryable: false });
}

export type Synthesize = typeof synthesize;
