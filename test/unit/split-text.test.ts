import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitText } from "../../src/core/text/split-text.ts";

const withoutSpace = (text: string) => text.replace(/\s+/g, "");
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const graphemes = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);

const prose = fc
  .array(
    fc.oneof(
      fc.lorem({ maxCount: 4 }),
      fc.constantFrom("\n\n", "\n", ". ", "! ", "  indented", "👩‍👩‍👧‍👦", "日本語。"),
    ),
    {
      maxLength: 60,
    },
  )
  .map((pieces) => pieces.join(" "));
const anything = fc.string({ unit: "grapheme", maxLength: 300 });
const limits = fc.integer({ min: 32, max: 120 });

describe("splitting a text", () => {
  test("keeps every part within the limit and loses only white space", () => {
    fc.assert(
      fc.property(fc.oneof(prose, anything), limits, fc.boolean(), (text, limit, fences) => {
        const parts = splitText(text, { limit, fences: fences && !/```|~~~/.test(text) });
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(limit);
        for (const part of parts) expect(part.trim()).not.toBe("");
        expect(withoutSpace(parts.join(""))).toBe(withoutSpace(text));
      }),
    );
  });

  test("never splits a visible character", () => {
    const characters = fc.array(fc.constantFrom("👩‍👩‍👧‍👦", "🇩🇪", "é", "👋🏽", "a", "\r\n", "한"), {
      minLength: 40,
      maxLength: 120,
    });
    fc.assert(
      fc.property(characters, limits, (written, limit) => {
        const text = written.join("");
        const seen = splitText(text, { limit })
          .flatMap(graphemes)
          .filter((each) => each.trim() !== "");
        expect(seen).toEqual(graphemes(text).filter((each) => each.trim() !== ""));
      }),
    );
  });

  test("does not treat a space with an accent as the end of a word", () => {
    expect(splitText("one two \u0301three", { limit: 9 })[0]).toBe("one");
  });

  test("does not change a text that fits, and makes no part of a blank one", () => {
    expect(splitText("  short \n", { limit: 20 })).toEqual(["  short \n"]);
    expect(splitText(" \n ".repeat(40), { limit: 20 })).toEqual([]);
  });

  test.each([
    ["paragraphs", "One two three.\n\nFour five. Six seven", ["One two three.", "Four five. Six seven"]],
    ["lines", "One two three\nfour five. Six seven", ["One two three", "four five. Six seven"]],
    ["sentences", "One two. Three four five six seven", ["One two.", "Three four five six seven"]],
    ["words", "One two three four five six seven", ["One two three four five", "six seven"]],
    ["characters", "x".repeat(30), ["x".repeat(26), "xxxx"]],
  ])("prefers to cut between %s", (_, text, parts) => {
    expect(splitText(text, { limit: 26 })).toEqual(parts);
  });

  test("keeps the indentation of the line after a cut", () => {
    expect(splitText("- a list item here\n  - one below it", { limit: 20 })).toEqual([
      "- a list item here",
      "  - one below it",
    ]);
  });

  test("keeps related text together, if possible", () => {
    const text = "Read the [whole long manual](https://example.org) first";
    const start = text.indexOf("[");
    const end = text.indexOf(")") + 1;
    const parts = splitText(text, { limit: 48, keepTogether: () => [[start, end]] });
    expect(parts).toEqual(["Read the", "[whole long manual](https://example.org) first"]);
  });

  test("closes a code block at a cut and opens it again after it", () => {
    const code = Array.from({ length: 12 }, (_, line) => `  line(${line});`);
    const text = ["Look:", "```js", ...code, "```", "Done."].join("\n");
    const parts = splitText(text, { limit: 80, fences: true });
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(80);
      expect(part.match(/```/g)?.length ?? 0).toBe(2);
    }
    const lines = parts.flatMap((part) => part.split("\n"));
    expect(lines.filter((line) => !line.startsWith("```"))).toEqual(["Look:", ...code, "Done."]);
    expect(parts.slice(1).every((part) => part.startsWith("```js\n"))).toBe(true);
  });

  test("terminates and loses nothing, with any code fences", () => {
    const line = fc.constantFrom(
      "```",
      "````",
      "~~~",
      "```js",
      "code",
      "x".repeat(50),
      "",
      "``` not a fence `",
    );
    const fenced = fc.array(line, { maxLength: 40 }).map((lines) => lines.join("\n"));
    const content = (text: string) => withoutSpace(text.replace(/[`~]{3,}(js)?/g, ""));
    fc.assert(
      fc.property(fenced, limits, (text, limit) => {
        const parts = splitText(text, { limit, fences: true });
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(limit);
        expect(content(parts.join("\n"))).toBe(content(text));
      }),
      // The closing line of the split block may be longer than that of the block before.
      { examples: [["code\n```js\n```js\n\n```\ncode\n````\n```\n```js", 39]] },
    );
  });
});
