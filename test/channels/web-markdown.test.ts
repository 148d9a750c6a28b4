import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGrowingReader, readBlocks } from "../../src/web-chat/markdown/blocks.ts";
import { decodeEntities } from "../../src/web-chat/markdown/entities.ts";
import { destinationOf, safeUrl } from "../../src/web-chat/markdown/links.ts";
import { plainText } from "../../src/web-chat/markdown/plain-text.ts";

const kinds = (text: string) => readBlocks(text).map(({ token }) => token.type);

const ANSWER = [
  "Here is **a plan**:",
  "",
  "1. One",
  "2. Two",
  "",
  "   more of two",
  "",
  "3. Three",
  "",
  "| Day | Hour |",
  "| --- | --- |",
  "| Mon | 22:00 |",
  "",
  "```ts",
  "const a = 1;",
  "",
  "const b = 2;",
  "```",
  "",
  "> said",
  "",
  "The end, with a [link](https://example.org).",
].join("\n");

describe("a text", () => {
  test("is read into blocks", () => {
    expect(kinds(ANSWER)).toEqual(["paragraph", "list", "table", "code", "blockquote", "paragraph"]);
  });

  test("keeps HTML as text", () => {
    const html = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>";
    expect(plainText(html)).toContain("<script>alert(1)</script>");
    expect(plainText(html)).toContain("<img src=x onerror=alert(1)>");
  });

  test("gives the same blocks when it is read at once and when it grows", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(ANSWER.length), { maxLength: 20 }), (cuts) => {
        const read = createGrowingReader();
        for (const cut of cuts.sort((a, b) => a - b)) read(ANSWER.slice(0, cut));
        expect(read(ANSWER).map(({ raw }) => raw.trim())).toEqual(
          readBlocks(ANSWER).map(({ raw }) => raw.trim()),
        );
      }),
    );
  });

  test("that grows keeps its finished blocks, so they are not drawn again", () => {
    const read = createGrowingReader();
    const [first, second] = read(ANSWER);
    const grown = read(`${ANSWER}\n\nAnd more, and more.`);
    expect(grown[0]).toBe(first);
    expect(grown[1]).toBe(second);
    expect(grown).toHaveLength(7);
  });

  test("that is replaced is read again", () => {
    const read = createGrowingReader();
    read(ANSWER);
    expect(read("Something else.").map(({ raw }) => raw)).toEqual(["Something else."]);
  });

  test("of any kind loses no letter or digit", () => {
    const pieces = ["a1", "B2", "*", "**", "_", "`", "\n", "\n\n", "- ", "1. ", "# ", "> ", " ", "[", "~~"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const letters = (all: string) => (all.match(/[aB][12]/g) ?? []).join("");
        expect(letters(plainText(text))).toBe(letters(text));
      }),
      { numRuns: 300, examples: [[["~~", "~~", "a1"]], [["~~", "~~", " ", "a1", " ", "B2", "\n", "a1"]]] },
    );
  });

  test.each(["*", "_a", "[", "[a](", "`", "> ", "<a ", "![", "|a", "- ", "&amp"])(
    "of a hundred thousand times %j is read without a delay",
    (unit) => {
      const text = unit.repeat(100_000 / unit.length);
      expect(readBlocks(`${text}x`).length).toBeGreaterThan(0);
      expect(readBlocks(`a ${text}`).length).toBeGreaterThan(0);
    },
  );

  test("with too many nested lists stays plain text", () => {
    const types = (text: string) => readBlocks(text).map(({ token }) => token.type);
    expect(types(`${"- ".repeat(49)}x`)).toEqual(["list"]);
    expect(types(`${"- ".repeat(50)}x`)).toEqual(["text"]);
    expect(types(`${"> 1. * ".repeat(17)}x`)).toEqual(["text"]);
    expect(types("-".repeat(80))).toEqual(["hr"]);
    expect(types("*".repeat(80))).toEqual(["hr"]);
  });

  test("is read aloud without its marks", () => {
    expect(plainText("**Bold** and `code`:\n\n- one\n- two\n\n[a link](https://example.org)")).toBe(
      "Bold and code: one. two a link",
    );
  });
});

test("character references are decoded exactly once", () => {
  expect(decodeEntities("a &amp; b &lt;i&gt; &#233; &#x1F600; &hellip;")).toBe("a & b <i> é 😀 …");
  expect(decodeEntities("&amp;lt; &nosuch; &#0; &#xD800; & &;")).toBe("&lt; &nosuch; \ufffd \ufffd & &;");
});

test("only harmless addresses become links", () => {
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

test("a link whose words hide its destination shows the destination beside them", () => {
  expect(destinationOf("https://www.example.org/a", "my bank")).toBe("example.org");
  expect(destinationOf("https://example.org/a", "Example.org")).toBeNull();
  expect(destinationOf("mailto:eve@example.org", "write to Ada")).toBe("eve@example.org");
});
