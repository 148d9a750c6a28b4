import type { Json, JsonObject } from "./json.ts";
import type { QuietHours } from "./quiet-hours.ts";
import type { VariableSpecs } from "./variables.ts";

/** What the bot is shown of a long conversation. */
export interface HistorySettings {
  mode: "summarize" | "truncate" | "last_n";
  /** The budget of everything that is sent, in tokens. */
  maxTokens: number;
  /** How many of the newest messages are kept word for word. */
  keepMessages: number;
  /** Another model of the bot's provider that writes the summaries; left out: the bot's own. */
  summaryModel?: string | undefined;
}

/** How messages become turns. */
export interface TurnSettings {
  /** `queue`: one reply per message. `collect`: messages within a window together. `interrupt`: the newest aborts. */
  policy: "queue" | "collect" | "interrupt";
  /** `collect` only: how long to wait for more. */
  windowMs: number;
  /** A bot that takes longer is aborted. */
  timeoutMs: number;
  /** Tries in all, the first included. */
  attempts: number;
  /** Wait before the second try; doubles with each further one. */
  backoffMs: number;
  /** What the user reads when every try failed; empty: nothing. */
  apology: string;
}

/** How much may be used in a window of time; null: that much is not limited. */
export interface BudgetLimit {
  per: "session" | "user" | "agent";
  /** Windows follow one another from the epoch: a day begins at midnight UTC. */
  windowMs: number;
  messages: number | null;
  tokens: number | null;
}

/** What may be used, and what the user reads when it is. */
export interface BudgetSettings {
  limits: readonly BudgetLimit[];
  /** Empty: nothing. */
  reply: string;
}

/** "When X, do Y". The configuration has checked its shape; what it means is the event rules' concern. */
export interface EventRule {
  on: string;
  /** Tries of an action that fails, the first included. */
  attempts: number;
  /** `timeout` only: the silence before it fires. */
  afterMs: number | null;
  times: number;
  from: "last_message" | "first_message";
  do: readonly { action: string; [key: string]: Json | undefined }[];
}

/** An agent as it runs, secrets included: never log it, store it or send it anywhere. `published` is for that. */
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
  /** `prompt`: what visitors of a web chat may do with the prompt of a new session's first message. */
  reset: { reply: string; prompt: "editable" | "readonly" | "hidden" };
  budgets: BudgetSettings;
  /** `prompt`: the bot is shown the participant data in its prompt. `hidden`: it is not. */
  participantData: "prompt" | "hidden";
  events: readonly EventRule[];
  /** When nobody is written to unasked; null: never. A user's own go before the agent's. */
  quietHours: QuietHours | null;
  /** The same definition as a version stores it: `"$NAME"` references instead of values, defaults filled in. */
  published: JsonObject;
  /** SHA-256 (hex) of `published`, independent of key order: a new digest is a new version. */
  digest: string;
}
