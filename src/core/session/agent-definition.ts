import type { QuietHours } from "../schedule/quiet-hours.ts";
import type { Json, JsonObject } from "../text/json.ts";
import type { HandoffSettings } from "./handoff-settings.ts";
import type { SpeechSettings } from "./speech-settings.ts";
import type { VariableSpecs } from "./variables.ts";

/** The part of a long conversation that the bot receives. */
export interface HistorySettings {
  mode: "summarize" | "truncate" | "last_n";
  /** Budget for the whole prompt, in tokens. */
  maxTokens: number;
  /** Number of newest messages that stay word for word. */
  keepMessages: number;
  /** Another model of the bot's provider for writing summaries. Default: the bot's own model. */
  summaryModel?: string | undefined;
}

/** Rules for making turns from messages. */
export interface TurnSettings {
  /**
   * `queue`: one reply per message. `collect`: one reply to all messages within a window. `interrupt`: a new message
   * aborts the turn.
   */
  policy: "queue" | "collect" | "interrupt";
  /** `collect` only: time to wait for more messages. */
  windowMs: number;
  /** A bot call that takes longer is aborted. */
  timeoutMs: number;
  /** Maximum time until an answer begins, over all attempts together. */
  patienceMs: number;
  /** Maximum number of attempts, including the first. */
  attempts: number;
  /** Delay before the second attempt; doubles with each further attempt. */
  backoffMs: number;
  /** The text for the user when every attempt failed; empty: no text. */
  apology: string;
  /** The text for the user if the same message would fail again. Default: the apology. */
  refusal?: string | undefined;
  /** Text after a reply that the bot's output limit cut short; empty: no text. */
  cutShort: string;
}

/** Maximum use in a window of time; null: no limit. */
export interface BudgetLimit {
  per: "session" | "user" | "agent";
  /** Windows follow one another from the Unix epoch, so a day begins at midnight UTC. */
  windowMs: number;
  messages: number | null;
  tokens: number | null;
}

/** The limits, and the text for the user when one is reached. */
export interface BudgetSettings {
  limits: readonly BudgetLimit[];
  /** Empty: no text. */
  reply: string;
}

/** A rule of the form "on X, do Y". The configuration has checked its format; the event rules interpret it. */
export interface EventRule {
  on: string;
  /** Maximum attempts of a failing action, including the first. */
  attempts: number;
  /** `timeout` only: the silence after which the rule fires. */
  afterMs: number | null;
  times: number;
  from: "last_message" | "first_message";
  do: readonly { action: string; [key: string]: Json | undefined }[];
}

/** An agent as it runs, including secrets: never log it, store it or send it anywhere. Use `published` for that. */
export interface AgentDefinition {
  slug: string;
  name: string;
  /** `config` has passed the schema of the bot with that type. */
  bot: { type: string; config: unknown };
  messages: readonly { role: "system" | "user" | "assistant"; content: string }[];
  variables: VariableSpecs;
  seedMessage: string | null;
  history: HistorySettings;
  turns: TurnSettings;
  versioning: "pinned" | "latest";
  /** `prompt`: the access of web chat visitors to the prompt of a new session's first message. */
  reset: { reply: string; prompt: "editable" | "readonly" | "hidden" };
  budgets: BudgetSettings;
  /** `prompt`: the bot's prompt contains the participant data. `hidden`: it does not. */
  participantData: "prompt" | "hidden";
  events: readonly EventRule[];
  handoff: HandoffSettings;
  speech: SpeechSettings;
  /** Hours without unprompted messages; null: none. A user's own quiet hours override them. */
  quietHours: QuietHours | null;
  /** The same definition as a version stores it: `"$NAME"` references instead of values, with defaults filled in. */
  published: JsonObject;
  /** SHA-256 (hex) of `published`, independent of key order. A new digest means a new version. */
  digest: string;
}
