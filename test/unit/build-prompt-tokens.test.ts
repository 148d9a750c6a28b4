import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { loadTokenCounter } from "../../src/turns/prompt/count-tokens.ts";

const english = "The quick brown fox jumps over the lazy dog, and then it rests for a while. ".repeat(40);
const chinese = "漢字仮名交じり文を書くのは楽しいことです".repeat(40);

describe("counting tokens", () => {
  it.each([
    ["English", english],
    ["Chinese", chinese],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code that is counted, not run
    ["code", 'if (a["b"] !== null) { return `${c}`; }\n'.repeat(60)],
  ])("is within five percent for OpenAI's models (%s)", async (_, text) => {
    const count = await loadTokenCounter("gpt-4.1-mini");
    const exact = encode(text).length;
    expect(count(text)).toBeGreaterThanOrEqual(exact * 0.99);
    expect(count(text)).toBeLessThanOrEqual(exact * 1.05);
  });

  it("estimates too many rather than too few tokens for other models", async () => {
    const count = await loadTokenCounter("meta-llama/Llama-3-8B");
    expect(count(english)).toBeGreaterThan(encode(english).length * 1.3);
    expect(count(chinese)).toBeGreaterThan(chinese.length);
    expect(count("hi")).toBeLessThanOrEqual(2);
  });

  it("treats a tokenizer's markers as ordinary text", async () => {
    const count = await loadTokenCounter("gpt-4o");
    expect(count("<|endoftext|> <|im_start|>system")).toBeGreaterThan(5);
  });

  it("counts text without spaces in linear time", async () => {
    const count = await loadTokenCounter("gpt-4o");
    // In one piece, this text takes the tokenizer minutes.
    expect(count("文".repeat(300_000))).toBeGreaterThan(100_000);
  });

  it("does not split a character", async () => {
    const count = await loadTokenCounter("gpt-4o");
    const family = "👩‍👩‍👧".repeat(100);
    expect(count(family)).toBeLessThanOrEqual(encode(family).length * 1.05);
    expect(count("\ud800 lone surrogate")).toBeGreaterThan(0);
  });
});
