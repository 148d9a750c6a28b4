import type { TurnAttachment } from "../../bots/bot.ts";
import type { VariableValue } from "../../core/session/template.ts";
import type { JsonObject } from "../../core/text/json.ts";

/** The data of a session that its prompt needs. */
export interface PromptSession {
  id: string;
  agentId: string;
  agentVersion: number;
  situation: string | null;
  summary: string | null;
  summarySeq: number;
  renderTemplates: boolean;
  variables: Record<string, VariableValue>;
  metadata: JsonObject;
  /** The seq of the next message. */
  nextSeq: number;
  /** True if no message waits for an answer and none is being answered. */
  idle: boolean;
  user: { id: string; identifier: string; name: string | null; profile: JsonObject } | null;
  participantData: JsonObject;
}

/** A message that a prompt may contain again. */
export interface HistoryMessage {
  seq: number;
  turnSeq: number;
  role: "user" | "assistant";
  /** Its text, with its files as words. */
  content: string;
  /** Its files that can be read; absent for most messages. */
  attachments?: readonly TurnAttachment[];
}

/** The text of a summary and the newest turn that it covers. */
export interface SummaryState {
  summary: string | null;
  summarySeq: number;
}
