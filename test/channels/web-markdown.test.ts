import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, parseMarkdown } from "../../src/web-chat/markdown.ts";
import { type Inline, parseInline, safeUrl } from "../../src/web-chat/markdown-inline.ts";

/** A short notation: `b(…)`, `i(…)`, `d(…)`, `c(…)`, `a(url|…)`. */
function inline(parts: readonly Inline[]): string {
  const letters = { strong: "b", emphasis: "i", deleted: "d" };
  return parts
    .map((part) => {
      if (part.type === "text") return part.text;
      if (part.type === "code") return `c(${part.text})`;
      if (part.type === "link") return `a(${part.url}|${inline(part.content)})`;
      return `${letters[part.type]}(${inline(part.content)})`;
    })
    .join("");
}

function block(part: Block): string {
  switch (part.type) {
    case "paragraph":
      return `p(${inline(part.content)})`;
    case "heading":
      return `h${part.level}(${inline(part.content)})`;
    case "code":
      return `code[${part.language}](${part.text})`;
    case "quote":
      return `quote(${part.blocks.map(block).join("")})`;
    case "list":
      return `${part.ordered ? `ol${part.start}` : "ul"}(${part.items.map((item) => `li(${item.map(block).join("")})`).join("")})`;
    case "rule":
      return "hr";
  }
}

describe("a line", () => {
  test.each([
    ["plain text", "plain text"],
    ["**bold** and *italic* and _too_ and __more__", "b(bold) and i(italic) and i(too) and b(more)"],
    ["**bold *and italic* in it**", "b(bold i(and italic) in it)"],
    ["~~gone~~", "d(gone)"],
    ["`code *as is*`", "c(code *as is*)"],
    ["`` a ` b ``", "c(a ` b)"],
    ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
    ["**not closed", "**not closed"],
    ["`not closed", "`not closed"],
    ["\\*not italic\\*", "*not italic*"],
    ["[a link](https://example.org/a_b)", "a(https://example.org/a_b|a link)"],
    ["[**bold** link](https://example.org)", "a(https://example.org/|b(bold) link)"],
    ['[titled](https://example.org "title")', "a(https://example.org/|titled)"],
    ["see https://example.org/x.", "see a(https://example.org/x|https://example.org/x)."],
    ["(https://example.org)", "(a(https://example.org/|https://example.org))"],
    ["https://example.org/a_(b)", "a(https://example.org/a_(b)|https://example.org/a_(b))"],
    ["![alt](https://example.org/p.png)", "a(https://example.org/p.png|alt)"],
    ["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
    ["[x](/relative)", "[x](/relative)"],
    ["<b>html</b> &amp;", "<b>html</b> &amp;"],
  ])("%s", (written, shown) => {
    expect(inline(parseInline(written))).toBe(shown);
  });
});

describe("a text", () => {
  test.each([
    ["one\ntwo\n\nthree", "p(one\ntwo)p(three)"],
    ["# Title\ntext", "h1(Title)p(text)"],
    ["## Title ##", "h2(Title)"],
    ["# C#", "h1(C#)"],
    ["#hashtag", "p(#hashtag)"],
    ["```js\nlet a = 1;\n\nb\n```\nafter", "code[js](let a = 1;\n\nb)p(after)"],
    ["```\nunfinished", "code[](unfinished)"],
    ["- a\n- b", "ul(li(p(a))li(p(b)))"],
    ["- a\n\n- b", "ul(li(p(a))li(p(b)))"],
    ["3. c\n4. d", "ol3(li(p(c))li(p(d)))"],
    ["1. a\n   - b\n   - c\n2. d", "ol1(li(p(a)ul(li(p(b))li(p(c))))li(p(d)))"],
    ["text\n- a\n- b\ntext below\n\nnext", "p(text)ul(li(p(a))li(p(b\ntext below)))p(next)"],
    ["> said\n> so", "quote(p(said\nso))"],
    ["---", "hr"],
    ["***", "hr"],
    ["<script>alert(1)</script>", "p(<script>alert(1)</script>)"],
  ])("%j", (written, shown) => {
    expect(parseMarkdown(written).map(block).join("")).toBe(shown);
  });

  test("of any kind loses no letter or digit", () => {
    const piece = fc.constantFrom(
      "a1",
      "B2",
      "*",
      "**",
      "_",
      "`",
      "```",
      "\n",
      "\n\n",
      "- ",
      "1. ",
      "# ",
      "> ",
      " ",
      "[",
      "](",
      ")",
      "~~",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        const shown = parseMarkdown(text).map(block).join("");
        // The notation itself, and the names of languages behind ```, are taken out on both sides.
        const letters = (all: string) => (all.match(/[aB][12]/g) ?? []).join("");
        expect(letters(shown)).toBe(letters(text));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["stars", "*"],
    ["words in stars", "*a "],
    ["brackets", "["],
    ["half links", "[a]("],
    ["backticks of growing length", null],
    ["hashes", "#"],
    ["quotes", "> "],
    ["spaces", " "],
    ["dots behind an address", "."],
  ])("of a hundred thousand %s is read in one go", (_what, unit) => {
    const lengths = Array.from({ length: 400 }, (_, n) => "`".repeat(n + 1)).join(" ");
    const text = unit === null ? lengths : unit.repeat(100_000 / unit.length);
    for (const around of [
      text,
      `# ${text}a`,
      `\`\`\`${text}\``,
      `https://example.org/${text}x`,
      `a${text}`,
    ]) {
      expect(parseMarkdown(around).length).toBeGreaterThanOrEqual(0);
    }
  });
});

test("only addresses that are harmless to follow are links", () => {
  const refused = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.org/1",
    "//example.org",
    "/relative",
    "https://",
  ];
  for (const address of refused) expect(safeUrl(address)).toBeNull();
  expect(safeUrl("mailto:ada@example.org")).toBe("mailto:ada@example.org");
});
