/** A server that turns sound into words. */
export interface ListenSettings {
  /** Address of the API with its version, without a slash at its end. */
  baseUrl: string;
  /** Null: the server needs none. */
  apiKey: string | null;
  model: string;
  /** The language of the users, as the server names it; null: the server detects it. */
  language: string | null;
  /** Words that the server should know, such as names; null: none. */
  prompt: string | null;
  /** A longer clip is not heard, seconds. */
  maxSeconds: number;
}

/** A server that turns words into sound. */
export interface SpeakSettings {
  /** `reply`: a voice message is answered by voice. `always`: every answer of the bot is. */
  when: "never" | "reply" | "always";
  baseUrl: string;
  apiKey: string | null;
  model: string;
  voice: string;
  /** Instructions about the manner of speaking; null: none. */
  instructions: string | null;
}

/** Voice settings of an agent. Null: it does not hear, or does not speak. */
export interface SpeechSettings {
  listen: ListenSettings | null;
  speak: SpeakSettings | null;
}
