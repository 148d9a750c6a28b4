import { describe, expect, it } from "vitest";
import type { Bot } from "../../src/bots/bot.ts";
import { definition } from "../../src/bots/script/index.ts";
import { BotError } from "../../src/core/faults/errors.ts";
import { askBot, streamedText } from "./ask-bot.ts";
import { keptLog } from "./quiet-log.ts";

function script(config: unknown): Bot {
  return definition.create(definition.configSchema.parse(config), { log: keptLog() });
}

describe("a scripted bot", () => {
  it("answers with the first reply whose text occurs in the message, in any case", async () => {
    const bot = script({
      replies: [
        { match: "hello", say: "Hi!" },
        { match: "he", say: "?" },
      ],
    });
    expect((await askBot(bot, "Oh HELLO there")).result.replies).toEqual([{ content: "Hi!" }]);
    expect((await askBot(bot, "she")).result.replies).toEqual([{ content: "?" }]);
  });

  it("continues its sequence from the lines in the conversation, not from memory", async () => {
    const config = { sequence: [{ say: "one" }, { say: "two" }, { say: "three" }] };
    const prompt = [
      { role: "user" as const, content: "a" },
      { role: "assistant" as const, content: "one" },
      { role: "user" as const, content: "b" },
    ];
    expect((await askBot(script(config), "a")).result.replies).toEqual([{ content: "one" }]);
    expect((await askBot(script(config), "b", { prompt })).result.replies).toEqual([{ content: "two" }]);
    const later = [...prompt, ...prompt, ...prompt, ...prompt];
    expect((await askBot(script(config), "b", { prompt: later })).result.replies).toEqual([
      { content: "three" },
    ]);
  });

  it("shows thinking, steps and words in order, and the words add up to the reply", async () => {
    const bot = script({
      sequence: [
        {
          say: "All  done,\nAda. ",
          thinking: "hm",
          tools: [{ name: "look_up", summary: "found", delayMs: 1 }],
        },
      ],
    });
    const { result, progress } = await askBot(bot, "go");
    expect(progress.slice(0, 3)).toEqual([
      { type: "thinking", content: "hm" },
      { type: "tool_start", id: "execution-1-1", name: "look_up" },
      { type: "tool_end", id: "execution-1-1", name: "look_up", summary: "found" },
    ]);
    expect(progress.length).toBe(6);
    expect(streamedText(progress)).toBe("All  done,\nAda. ");
    expect(result.replies).toEqual([{ content: "All  done,\nAda. " }]);
  });

  it("fails as its script declares", async () => {
    const bot = script({ sequence: [{ fail: { code: "rate_limited", reason: "busy", retryable: true } }] });
    const error = await askBot(bot, "go").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BotError);
    expect(error).toMatchObject({ code: "rate_limited", message: "busy", retryable: true });
  });

  it("fails with a reason when the script has no line", async () => {
    await expect(askBot(script({ replies: [{ match: "x", say: "y" }] }), "go")).rejects.toMatchObject({
      code: "no_line",
      retryable: false,
    });
  });

  it("can be silent, write participant data and end the session", async () => {
    const line = { silent: true, participantData: { mood: "good" }, endSession: true };
    const { result } = await askBot(script({ sequence: [line] }), "bye");
    expect(result).toEqual({ replies: [], ...line });
  });

  it("stops in the middle of a delay when it is aborted, with the reason given", async () => {
    const abort = new AbortController();
    const bot = script({ sequence: [{ say: "one two", wordDelayMs: 600_000 }] });
    const reason = new Error("interrupted");
    const asked = askBot(bot, "go", { signal: abort.signal, onProgress: () => abort.abort(reason) });
    await expect(asked).rejects.toBe(reason);
  });
});
