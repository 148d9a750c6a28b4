import type { Bot, PromptMessage, Turn } from "../../bots/bot.ts";
import { BotError } from "../../core/faults/errors.ts";
import { newId } from "../../core/ids.ts";
import type { LogEntry } from "../../core/session/turn-log.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import type { RecordedTurn } from "./recorded-turns-repository.ts";

/** The result of a turn, in the record or in the replay. */
export interface ReplayedAnswer {
  replies: string[];
  /** The tools that were called, in order. */
  tools: string[];
  totalTokens: number | null;
  seconds: number | null;
  /** Null: it was answered. */
  errorCode: string | null;
}

export interface ReplayRequest {
  bot: Bot;
  agent: Turn["agent"];
  session: { id: string; channel: string; metadata: JsonObject; participantData: JsonObject };
  recorded: RecordedTurn;
  /** The prompt of the other version, with the conversation as it was before this turn. */
  prompt(): Promise<PromptMessage[]>;
  timeoutMs: number;
  /** Aborts when nobody waits for the replay any more. */
  signal: AbortSignal;
}

/** Asks another version what it would have answered. Its tools are answered from the record; nothing is stored or sent. */
export async function replayTurn(request: ReplayRequest): Promise<ReplayedAnswer> {
  const { bot, agent, session, recorded, signal } = request;
  const tools: string[] = [];
  const turn: Turn = {
    executionId: newId(),
    session: { id: session.id, channel: session.channel, metadata: session.metadata },
    agent,
    user: null,
    input: recorded.texts.map((text) => ({
      messageId: recorded.messageId,
      text,
      instruction: false,
      attachments: [],
    })),
    prompt: request.prompt,
    history: async () => [],
    participantData: async () => session.participantData,
    language: async () => null,
    coming: async () => [],
    overhead: () => null,
    recordedTools: toolRecord(recorded.log ?? []),
  };
  const limit = AbortSignal.any([signal, timeLimit(request.timeoutMs)]);
  const startedAt = monotonicMs();
  const seconds = () => Math.round(monotonicMs() - startedAt) / 1000;
  try {
    const { replies, usage } = await bot.answer(turn, {
      signal: limit,
      emit(progress) {
        if (progress.type === "tool_start") tools.push(progress.name);
      },
    });
    const said = replies.map(({ content }) => content);
    return {
      replies: said,
      tools,
      totalTokens: usage?.total_tokens ?? null,
      seconds: seconds(),
      errorCode: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof BotError ? error.code : "bot_threw";
    const errorCode = limit.aborted ? "timeout" : code;
    return { replies: [], tools, totalTokens: null, seconds: seconds(), errorCode };
  }
}

/** The answer that was given then. */
export function recordedAnswer(turn: RecordedTurn): ReplayedAnswer {
  const { replies, errorCode, totalTokens, startedAt, endedAt, log } = turn;
  const tools = (log ?? []).flatMap(({ type, data }) =>
    type === "tool_start" && typeof data["name"] === "string" ? [data["name"]] : [],
  );
  const seconds =
    startedAt === null || endedAt === null ? null : (endedAt.getTime() - startedAt.getTime()) / 1000;
  return { replies, tools, totalTokens, seconds, errorCode };
}

/** Answers each call of a tool with its result in the record, in order. Null: the tool was not called then. */
function toolRecord(log: readonly LogEntry[]): (tool: string) => string | null {
  const results = new Map<string, string[]>();
  for (const { type, data } of log) {
    const { name, summary } = data;
    if (type !== "tool_end" || typeof name !== "string" || typeof summary !== "string") continue;
    results.set(name, [...(results.get(name) ?? []), summary]);
  }
  return (tool) => {
    const left = results.get(tool);
    // The last result also answers further calls.
    return (left && (left.length > 1 ? left.shift() : left[0])) ?? null;
  };
}
