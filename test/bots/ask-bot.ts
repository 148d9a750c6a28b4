import type { Bot, BotProgress, BotResult, PromptMessage, Turn } from "../../src/bots/bot.ts";
import type { ComingMessage } from "../../src/core/message/unprompted-message.ts";
import type { TokenUsage } from "../../src/core/session/token-usage.ts";
import type { JsonObject } from "../../src/core/text/json.ts";

export interface Asked {
  prompt?: PromptMessage[];
  history?: PromptMessage[];
  overhead?: TokenUsage | null;
  /** The payload of the button that was pressed for each text. */
  payload?: string;
  participantData?: JsonObject;
  coming?: ComingMessage[];
  signal?: AbortSignal;
  onProgress?: (progress: BotProgress) => void;
}

/** A turn that answers these texts. By default its prompt contains only the texts. */
function aTurn(
  texts: readonly string[],
  { prompt, history = [], overhead = null, participantData = {}, coming = [], payload }: Asked = {},
): Turn {
  return {
    executionId: "execution-1",
    session: { id: "session-1", channel: "web", metadata: {} },
    agent: { id: "agent-1", slug: "agent", version: 1 },
    user: { id: "user-1", identifier: "42", name: "Ada" },
    input: texts.map((text, index) => ({
      messageId: `message-${index}`,
      text,
      instruction: false,
      ...(payload === undefined ? {} : { payload }),
      attachments: [],
    })),
    prompt: async () => prompt ?? texts.map((content) => ({ role: "user", content })),
    history: async () => history,
    participantData: async () => participantData,
    language: async () => "en",
    coming: async () => coming,
    overhead: () => overhead,
  };
}

/** Asks a bot and collects its progress events. */
export async function askBot(
  bot: Bot,
  text: string | readonly string[],
  asked: Asked = {},
): Promise<{ result: BotResult; progress: BotProgress[] }> {
  const progress: BotProgress[] = [];
  const result = await bot.answer(aTurn(typeof text === "string" ? [text] : text, asked), {
    signal: asked.signal ?? new AbortController().signal,
    emit: (event) => {
      progress.push(event);
      asked.onProgress?.(event);
    },
  });
  return { result, progress };
}

/** The streamed text, joined. */
export function streamedText(progress: readonly BotProgress[]): string {
  return progress.map((event) => (event.type === "content" ? event.content : "")).join("");
}
