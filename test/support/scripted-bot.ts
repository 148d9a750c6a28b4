import { z } from "zod";
import { type Bot, type BotResult, defineBot, type Turn } from "../../src/bots/bot.ts";
import { eventually } from "./eventually.ts";

/** One call of the bot, which the test (or the script) answers. */
export interface BotCall {
  turn: Turn;
  /** The texts to answer, oldest first. */
  texts: string[];
  /** `bot.note` of the calling agent version. */
  note: string;
  signal: AbortSignal;
  /** Emits a piece of the answer before its end. */
  write(text: string): void;
  /** Begins to use a tool. Returns the function that ends it. */
  use(name: string): (summary?: string) => void;
  reply(answer: string | Partial<BotResult>): void;
  fail(error: unknown): void;
}

export interface ScriptedBot {
  /** For `startTestApp({ bots: { scripted: bot.definition } })` with an agent `{ bot: { type: "scripted" } }`. */
  definition: typeof blank;
  /** All calls so far, in order. */
  calls: readonly BotCall[];
  /** Waits for the `nth` call with exactly these texts (1 = first). */
  asked(texts: string | string[], nth?: number): Promise<BotCall>;
}

const configSchema = z.strictObject({ note: z.string().default("") });
const blank = defineBot({ type: "scripted", configSchema, create: (): Bot => ({ answer: nothing }) });

/**
 * A bot that behaves as the test decides. `script` gets every call and answers it, or leaves it to the test. It ends
 * when its signal aborts, as bots must; a `deaf` one does not.
 */
export function createScriptedBot(
  script: (call: BotCall) => void = (call) => call.reply(`re: ${call.texts.join(" + ")}`),
  options: { deaf?: boolean } = {},
): ScriptedBot {
  const calls: BotCall[] = [];
  const definition = defineBot({
    type: "scripted",
    configSchema,
    create: ({ note }): Bot => ({
      answer: (turn, { signal, emit }) =>
        new Promise((resolve, reject) => {
          const call: BotCall = {
            turn,
            texts: turn.input.map(({ text }) => text),
            note,
            signal,
            write: (content) => emit({ type: "content", content }),
            use(name) {
              const id = `${name}-${turn.executionId}`;
              emit({ type: "tool_start", id, name });
              return (summary = "done") => emit({ type: "tool_end", id, name, summary });
            },
            reply: (answer) => resolve(toResult(answer)),
            fail: reject,
          };
          calls.push(call);
          if (!options.deaf) signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          script(call);
        }),
    }),
  });
  return {
    definition,
    calls,
    asked: (texts, nth = 1) =>
      eventually(() => {
        const wanted = JSON.stringify([texts].flat());
        const found = calls.filter((call) => JSON.stringify(call.texts) === wanted)[nth - 1];
        if (!found)
          throw new Error(`not asked ${wanted}; asked ${JSON.stringify(calls.map((c) => c.texts))}`);
        return found;
      }),
  };
}

function toResult(answer: string | Partial<BotResult>): BotResult {
  return typeof answer === "string" ? { replies: [{ content: answer }] } : { replies: [], ...answer };
}

function nothing(): Promise<BotResult> {
  return Promise.reject(new Error("this bot is only the shape of one"));
}
