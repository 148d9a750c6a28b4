import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PromptMessage } from "../../src/bots/bot.ts";
import { promptTokens, selectHistory } from "../../src/turns/prompt/select-history.ts";

const count = (text: string) => text.length;
const say = (content: string): PromptMessage => ({ role: "user", content });
const tenEach = ["a", "b", "c", "d", "e"].map((letter) => say(letter.repeat(6)));
const question = {
  mode: "truncate" as const,
  maxTokens: 1000,
  keepMessages: 2,
  systemTokens: 0,
  summaryTokens: 0,
  messages: tenEach,
  newMessages: [say("123456")],
  count,
};

describe("selecting history", () => {
  it.each(["summarize", "truncate"] as const)("sends everything if it fits (%s)", (mode) => {
    expect(selectHistory({ ...question, mode })).toMatchObject({
      send: tenEach,
      toSummarize: [],
      fits: true,
    });
  });

  it("sends the newest messages that fit when truncating, with any keepMessages", () => {
    const { send, toSummarize } = selectHistory({ ...question, maxTokens: 40 });
    expect(send).toEqual(tenEach.slice(2));
    expect(toSummarize).toEqual([]);
  });

  it("sends at most keepMessages under last_n, and fewer if the budget is smaller", () => {
    expect(selectHistory({ ...question, mode: "last_n" }).send).toEqual(tenEach.slice(3));
    expect(selectHistory({ ...question, mode: "last_n", maxTokens: 20 }).send).toEqual(tenEach.slice(4));
  });

  it("reduces to keepMessages at once when it summarizes", () => {
    const { send, toSummarize } = selectHistory({ ...question, mode: "summarize", maxTokens: 55 });
    expect(send).toEqual(tenEach.slice(3));
    expect(toSummarize).toEqual(tenEach.slice(0, 3));
  });

  it("reads no more of a long conversation than fits", () => {
    const messages = Array.from({ length: 10_000 }, (_, i) => say(`message ${i}`));
    let counted = 0;
    const counting = (text: string) => {
      counted += 1;
      return text.length;
    };
    selectHistory({ ...question, mode: "summarize", messages, count: counting });
    expect(counted).toBeLessThan(200);
  });

  it("always fits, keeps order, loses nothing and leaves space for the next summary", () => {
    const messages = fc.array(fc.string({ maxLength: 40 }).map(say), { maxLength: 30 });
    const size = fc.integer({ min: 0, max: 60 });
    const property = fc.property(
      fc.record({
        mode: fc.constantFrom("summarize", "truncate", "last_n"),
        maxTokens: fc.integer({ min: 1, max: 400 }),
        keepMessages: fc.integer({ min: 1, max: 10 }),
        systemTokens: size,
        summaryTokens: size,
        messages,
        newMessages: fc.array(fc.string({ maxLength: 40 }).map(say), { minLength: 1, maxLength: 3 }),
      }),
      (drawn) => {
        const { send, toSummarize, summaryBudget, fits } = selectHistory({ ...drawn, count });
        const fixed = drawn.systemTokens + promptTokens(drawn.newMessages, count);
        const sent = promptTokens(send, count);
        expect(fits).toBe(fixed + drawn.summaryTokens <= drawn.maxTokens);
        if (fits) expect(fixed + drawn.summaryTokens + sent).toBeLessThanOrEqual(drawn.maxTokens);
        else expect(send).toEqual([]);
        expect(drawn.messages.slice(drawn.messages.length - send.length)).toEqual(send);
        if (drawn.mode === "summarize") expect([...toSummarize, ...send]).toEqual(drawn.messages);
        else expect(toSummarize).toEqual([]);
        if (drawn.mode === "last_n") expect(send.length).toBeLessThanOrEqual(drawn.keepMessages);
        if (fits && toSummarize.length > 0) {
          expect(fixed + summaryBudget + sent).toBeLessThanOrEqual(drawn.maxTokens);
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
