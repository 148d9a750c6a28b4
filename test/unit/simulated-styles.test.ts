import { describe, expect, it } from "vitest";
import { chatMarksAsMarkdown, literal, stylesOf } from "../../src/simulator/as-markdown.ts";
import { blocksAsMarkdown } from "../../src/simulator/telegram/rich-styles.ts";
import { entitiesAsMarkdown } from "../../src/simulator/telegram/styles.ts";
import { readBlocks } from "../../src/web-chat/markdown/blocks.ts";

/** The types of the blocks that a page draws. */
const kinds = (markdown: string) => readBlocks(markdown).map(({ token }) => token.type);

describe("a phone of the simulator", () => {
  it.each([
    "2 * 3 * 4 = _x_ and `y`",
    "1. first\n2) second\n- third\n+ fourth",
    "# no heading\n> no quote\n| no | table |",
    "[no](link) <b>no tag</b> &amp; ~no~",
    "C:\\temp\\*.txt",
    "    not code",
  ])("finds no style in %j", (text) => {
    const [block, ...more] = readBlocks(literal(text));
    expect([block?.token.type, more.length]).toEqual(["paragraph", 0]);
    expect(stylesOf(text, entitiesAsMarkdown(text, []))).toEqual({});
  });

  it("shows the entities of Telegram, side by side and within one another", () => {
    const text = "A gentle plan for 22:00, see here.";
    const entities = [
      { type: "italic", offset: 9, length: 4 },
      { type: "bold", offset: 2, length: 12 },
      { type: "code", offset: 18, length: 5 },
      { type: "text_link", offset: 29, length: 4, url: "https://example.org/a b" },
    ];
    expect(entitiesAsMarkdown(text, entities)).toBe(
      "A **gentle *plan*** for `22:00`, see [here](<https://example.org/a%20b>).",
    );
    const program = [{ type: "pre", offset: 0, length: 5, language: "ts" }];
    expect(kinds(entitiesAsMarkdown("a = b\nDone", program))).toEqual(["code", "paragraph"]);
    expect(kinds(entitiesAsMarkdown("wise", [{ type: "blockquote", offset: 0, length: 4 }]))).toEqual([
      "blockquote",
    ]);
  });

  it("shows the blocks of Telegram's rich messages", () => {
    const cell = (text: string) => ({ text });
    const markdown = blocksAsMarkdown([
      { type: "heading", size: 1, text: "Plan" },
      { type: "paragraph", text: ["A ", { type: "bold", text: "gentle" }, " one"] },
      { type: "list", items: [{ value: 1, blocks: [{ type: "paragraph", text: "Rest" }] }] },
      {
        type: "table",
        cells: [
          [cell("Day"), cell("Time")],
          [cell("Mon | Tue"), cell("22:00")],
        ],
      },
    ]);
    const tokens = readBlocks(markdown).map(({ token }) => token.type);
    expect(tokens).toEqual(["heading", "paragraph", "list", "table"]);
    expect(markdown).toContain("A **gentle** one");
    expect(markdown).toContain("| Mon \\| Tue | 22:00 |");
  });

  it("shows the marks of Slack and WhatsApp, and no others", () => {
    expect(chatMarksAsMarkdown("*bold* _it_ ~no~ `a*b*` 2*3*4")).toBe(
      "**bold** *it* ~~no~~ `a*b*` 2\\*3\\*4",
    );
    expect(chatMarksAsMarkdown("*a _b_*")).toBe("**a *b***");
    expect(chatMarksAsMarkdown("a_b_c and **not bold**")).toBe("a\\_b\\_c and \\*\\*not bold\\*\\*");
    expect(kinds(chatMarksAsMarkdown("See:\n```\nx = 1\ny = 2\n```"))).toEqual(["paragraph", "code"]);
  });
});
