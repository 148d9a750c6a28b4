import { z } from "zod";
import type { ListenSettings } from "../core/session/speech-settings.ts";
import { secondsOf } from "./sound-length.ts";
import { callSpeechServer, fault, type SpeechAnswer, type SpeechFault } from "./speech-server.ts";

/** A recorded sound. */
export interface Sound {
  content: Buffer;
  contentType: string | null;
}

export type Transcribed =
  | { kind: "heard"; words: string; language: string | null; seconds: number | null }
  | SpeechFault;

/** The limit of OpenAI's servers, which others share. */
const MOST_SOUND_BYTES = 25 * 1_048_576;
const MOST_ANSWER_BYTES = 2 * 1_048_576;

/** File extensions by content type. Servers tell formats by the name of the file. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  "audio/ogg": "ogg",
  "audio/opus": "ogg",
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
  "audio/mp4": "m4a",
  "audio/x-m4a": "m4a",
  "audio/m4a": "m4a",
  "audio/aac": "aac",
  "audio/webm": "webm",
  "audio/wav": "wav",
  "audio/wave": "wav",
  "audio/vnd.wave": "wav",
  "audio/x-wav": "wav",
  "audio/flac": "flac",
  "audio/x-flac": "flac",
  "audio/amr": "amr",
  "audio/3gpp": "3gp",
};

const seconds = z.coerce.number().nonnegative().nullish().catch(null);
const answerSchema = z.object({
  text: z.string(),
  language: z.string().nullish().catch(null),
  duration: seconds,
  usage: z.object({ seconds }).nullish().catch(null),
});

/** Creates a function that turns sounds into words. It remembers which servers return only the words. */
export function createTranscriber() {
  const brief = new Set<string>();

  return async function transcribe(
    listen: ListenSettings,
    sound: Sound,
    signal: AbortSignal,
  ): Promise<Transcribed> {
    const length = secondsOf(sound.content);
    const refusal = unheard(listen, sound, length);
    if (refusal !== null) return refusal;
    const key = `${listen.baseUrl} ${listen.model}`;
    let answer = await ask(listen, sound, brief.has(key) ? "json" : "verbose_json", signal);
    if (answer.kind === "failed" && answer.code === "sound_refused" && !brief.has(key)) {
      // Some models know no `verbose_json`. The words alone are enough.
      const again = await ask(listen, sound, "json", signal);
      if (again.kind === "answered") brief.add(key);
      answer = again;
    }
    return answer.kind === "failed" ? answer : read(listen, answer.content, length);
  };
}

export type Transcribe = ReturnType<typeof createTranscriber>;

/** The reason why a sound is not sent to the server; null: it is. */
function unheard(
  { maxSeconds }: ListenSettings,
  { content }: Sound,
  length: number | null,
): SpeechFault | null {
  if (content.length === 0) return fault("no_sound", "the file is empty", { retryable: false });
  if (content.length > MOST_SOUND_BYTES)
    return fault("sound_too_long", "it is larger than 25 MiB", { retryable: false });
  if (length === null || length <= maxSeconds) return null;
  const reason = `it lasts ${inMinutes(length)}, and at most ${inMinutes(maxSeconds)} are heard`;
  return fault("sound_too_long", reason, { retryable: false });
}

function ask(
  listen: ListenSettings,
  { content, contentType }: Sound,
  format: "verbose_json" | "json",
  signal: AbortSignal,
): Promise<SpeechAnswer> {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const form = new FormData();
  // The content is copied once here, because a Blob takes no view of a shared buffer.
  form.set("file", new Blob([new Uint8Array(content)], { type }), `voice.${EXTENSIONS[type] ?? "bin"}`);
  form.set("model", listen.model);
  form.set("response_format", format);
  if (listen.language !== null) form.set("language", listen.language);
  if (listen.prompt !== null) form.set("prompt", listen.prompt);
  return callSpeechServer(listen, {
    path: "/audio/transcriptions",
    body: form,
    mostBytes: MOST_ANSWER_BYTES,
    refusal: "sound_refused",
    signal,
  });
}

function read({ baseUrl, language }: ListenSettings, content: Buffer, length: number | null): Transcribed {
  const { host } = new URL(baseUrl);
  const parsed = answerSchema.safeParse(jsonIn(content));
  if (!parsed.success) return fault("bad_answer", `${host} answered something else than words`);
  const { text, duration, usage, language: detected } = parsed.data;
  const words = text.trim();
  if (words === "") return fault("no_words", "there are no words in it", { retryable: false });
  const said = duration ?? usage?.seconds ?? length;
  return {
    kind: "heard",
    words,
    language: detected ?? language,
    seconds: said === null ? null : Math.round(said * 10) / 10,
  };
}

function jsonIn(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    return null;
  }
}

function inMinutes(length: number): string {
  return length < 60 ? `${Math.round(length)} s` : `${Math.round(length / 60)} min`;
}
