import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definition } from "../../src/channels/telegram/index.ts";
import { formatMarkdown } from "../../src/channels/telegram/markdown.ts";

/** The formatted text with its entities written around it, for reading in a test. */
function shown(source: string): string {
  const { text, entities } = formatMarkdown(source);
  return entities.reduceRight((out, entity) => {
    const end = entity.offset + entity.length;
    return `${out.slice(0, entity.offset)}<${entity.type}>${out.slice(entity.offset, end)}</>${out.slice(end)}`;
  }, text);
}

describe("formatting for Telegram", () => {
  test.each([
    ["some **bold** and *italic* words", "some <bold>bold</> and <italic>italic</> words"],
    ["_italic_, ~~gone~~ and `x * y`", "<italic>italic</>, <strikethrough>gone</> and <code>x * y</>"],
    ["see [the site](https://example.org/a_(b))", "see <text_link>the site</>"],
    ["## A heading\ntext", "<bold>A heading</>\ntext"],
    ["before\n```js\nlet a = 1;\n  **b**\n```\nafter", "before\n<pre>let a = 1;\n  **b**</>\nafter"],
    ["```\nnever closed", "<pre>never closed</>"],
    ["``` inline ``` **", "<code> inline </> **"],
    ["这是 **重点**内容", "这是 <bold>重点</>内容"],
    ["* item **one**\n* item two", "* item <bold>one</>\n* item two"],
    // Code allows no other entity on the same text. A link matters more than the look of code, and code more than bold.
    ["``[`!`](https://a.b)**", "``<text_link>!</>**"],
    ["[`npm ci` first](https://a.b)", "<text_link>npm ci first</>"],
    ["**bold `code` bold**", "<bold>bold </><code>code</><bold> bold</>"],
    // Escaped marks, and marks within a word.
    ["snake\\_case, 5\\*3 and \\*not bold\\*", "snake_case, 5*3 and *not bold*"],
    ["1\\. first\n\\# no heading\n\\- no item\\!", "1. first\n# no heading\n- no item!"],
    ["`a\\_b` and [a\\_b](https://a.example/c)", "<code>a\\_b</> and <text_link>a_b</>"],
    ["**Bold**text and **United**", "<bold>Bold</>text and <bold>United</>"],
    ["**Note:**5 and **two words**s", "<bold>Note:</>5 and <bold>two words</>s"],
    ["**a and **b**", "**a and <bold>b</>"],
    ["see <https://example.org/_a_>.", "see <text_link>https://example.org/_a_</>."],
    [
      "see [t](https://example.org \"a title\") and [u](https://example.org 'x')",
      "see <text_link>t</> and <text_link>u</>",
    ],
    [
      "1. item\n    ```js\n    let a;\n      b();\n    ```\n2. next",
      "1. item\n<pre>let a;\n  b();</>\n2. next",
    ],
  ])("shows %j as %j", (source, expected) => {
    expect(shown(source)).toBe(expected);
  });

  test("nests bold and italic", () => {
    expect(formatMarkdown("***both***")).toEqual({
      text: "both",
      entities: [
        { type: "bold", offset: 0, length: 4 },
        { type: "italic", offset: 0, length: 4 },
      ],
    });
  });

  test.each([
    "2 * 3 * 4 = 24 and 5*3*2 too",
    "snake_case_name, __init__ and 2**8",
    "**kwargs and 2**8",
    "C:\\_temp, \\(x\\) and \\\\server",
    "a < b, <b>bold</b> and <https://not closed",
    "*.ts and *.js, **kwargs and *args",
    "¯\\_(ツ)_/¯",
    "[not a link](javascript:alert) [x] (y)",
    "**unfinished and `half",
    "a@b_c.example, #hashtag, 1. one, > quote",
    "****",
    "```\n\n```",
    "```not a language\ncode\n```",
  ])("leaves %j unchanged", (source) => {
    expect(formatMarkdown(source)).toEqual({ text: source, entities: [] });
  });

  describe("a table", () => {
    test("has aligned columns, as code", () => {
      const table =
        "Your week:\n\n| Day | **What** | Min |\n| :-- | ---- | --: |\n| Monday | Walk | 20 |\n| Tuesday | *Swim*, a lot | 5 |\n\nEnjoy";
      expect(shown(table)).toBe(
        [
          "Your week:\n\n<pre>",
          "Day      What         Min\n",
          "-------  -----------  ---\n",
          "Monday   Walk         20\n",
          "Tuesday  Swim, a lot  5",
          "</>\n\nEnjoy",
        ].join(""),
      );
    });

    test("counts wide characters with their real width", () => {
      expect(formatMarkdown("| 名前 | n |\n| ---- | - |\n| 愛 | 1 |\n| 👩‍👩‍👧 x | 2 |").text).toBe(
        ["名前  n", "----  -", "愛    1", "👩‍👩‍👧 x  2"].join("\n"),
      );
    });

    test("keeps everything with a missing cell, an escaped bar and a row that is too long", () => {
      expect(formatMarkdown("| a \\| b | c |\n| ------ | --- |\n| 1 |\n| 2 | 3 | 4 |").text).toBe(
        ["a | b  c", "-----  -  -", "1", "2      3  4"].join("\n"),
      );
    });

    test.each([
      ["that holds an address", "| [Walk](https://a.example) | 20 |", "<text_link>Walk</> | 20"],
      ["too wide for a phone", `| ${"walk ".repeat(8)}| 20 |`, `${"walk ".repeat(8).trim()} | 20`],
    ])("%s becomes one line per row, with a bold head", (_, row, expected) => {
      expect(shown(`| What | Min |\n| --- | --- |\n${row}`)).toBe(`<bold>What | Min</>\n${expected}`);
    });

    test("after another table stays a separate table", () => {
      const table = "| a | b |\n| - | - |\n| 1 | 2 |";
      expect(formatMarkdown(`${table}\n\n${table}`).entities.map(({ type }) => type)).toEqual(["pre", "pre"]);
    });
  });

  const markup = fc.constantFrom(
    "**",
    "*",
    "_",
    "~~",
    "`",
    "```",
    "\n```\n",
    "[",
    "](https://a.b)",
    "# ",
    "\\",
    "\n",
  );
  const source = fc
    .array(fc.oneof(markup, fc.string({ unit: "grapheme", maxLength: 6 })), { maxLength: 40 })
    .map((pieces) => pieces.join(""));

  test("makes entities that lie within the text, and removes only markers", () => {
    fc.assert(
      fc.property(source, (written) => {
        const { text, entities } = formatMarkdown(written);
        let at = 0;
        for (const char of text) at = written.indexOf(char, at) + char.length;
        expect(at).toBeGreaterThanOrEqual(text.length);
        expect(text.length).toBeLessThanOrEqual(written.length);
        const letters = (value: string) =>
          value.replace(/\]\(https:\/\/a\.b\)/g, "").replace(/[*_~`[\]()#\\\s]/g, "");
        if (!/```|~~~/.test(written)) expect(letters(text)).toBe(letters(written));
        for (const { offset, length } of entities) {
          expect(length).toBeGreaterThan(0);
          expect(text.slice(offset, offset + length).isWellFormed() || !text.isWellFormed()).toBe(true);
          expect(offset + length).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("reads a text of markers alone without a noticeable delay", () => {
    for (const marker of ["*", "*a ", "`", "`a``", "[", "[a](", "_a*", "~~a "])
      expect(() => formatMarkdown(marker.repeat(4096 / marker.length))).not.toThrow();
  });

  test("stays complete where a long text is split", () => {
    const text = `${"word ".repeat(815)}[the link text is long](https://example.org/page) and **bold words** end`;
    const parts = definition.split(text);
    expect(parts.length).toBe(2);
    expect(parts[1]).toMatch(/^\[the link text is long\]/);
  });
});
