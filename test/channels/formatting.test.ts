import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TextForm } from "./formatting/text-form.ts";
import { kindSamples } from "./samples.ts";

// Each sample is one Markdown text, with the output for each platform beside it. This command updates the output: `npx
// vitest run --config test/vitest.config.ts test/channels/formatting.test.ts -u`.

const PLATFORMS = kindSamples.flatMap(([kind, { text }]): [string, TextForm][] =>
  typeof text === "string" ? [] : [[kind, text]],
);

const folder = new URL("./formatting/", import.meta.url);
const samples = readdirSync(folder).filter((file) => file.endsWith(".md"));

describe.each(PLATFORMS)("Markdown on %s", (name, platform) => {
  test.each(samples)("has the form that is stored beside %s", async (sample) => {
    const markdown = readFileSync(new URL(sample, folder), "utf8").trimEnd();
    const golden = new URL(sample.replace(/\.md$/, `.${name}.txt`), folder);
    await expect(`${platform.shown(markdown)}\n`).toMatchFileSnapshot(golden.pathname);
  });

  test("keeps every word, fits into its parts, and leaves no mark without its partner", () => {
    fc.assert(
      fc.property(wellFormed, (markdown) => {
        const parts = platform.definition.split(markdown);
        const sent = parts.map((part) => platform.text(part));
        for (const text of sent) {
          expect(text.trim()).not.toBe("");
          expect(text.length).toBeLessThanOrEqual(platform.definition.capabilities.textLimit);
          expect(text.isWellFormed()).toBe(true);
          // The samples contain no literal marks.
          const outsideOfCode = text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
          expect(outsideOfCode).not.toContain("`");
          for (const mark of ["*", "~"]) expect((outsideOfCode.split(mark).length - 1) % 2).toBe(0);
        }
        const visible = parts.map((part) => platform.visible(part)).join("");
        expect(lettersOf(visible)).toBe(lettersOf(markdown));
      }),
      { numRuns: 60 },
    );
  });

  test("of any content is never sent empty, too long or with broken characters, and keeps every letter", () => {
    fc.assert(
      fc.property(anything, (markdown) => {
        for (const part of platform.definition.split(markdown)) {
          const text = platform.text(part);
          expect(text.trim()).not.toBe("");
          if (!platform.escapes) expect(text.length).toBeLessThanOrEqual(part.length);
          expect(text.isWellFormed()).toBe(part.isWellFormed());
          // The text after a fence may be the name of a language.
          if (!/```|~~~/.test(part)) expect(lettersOf(platform.visible(part))).toBe(lettersOf(part));
        }
      }),
      { numRuns: 300, examples: FOUND },
    );
  });
});

/** Every letter and digit, in any order. An address may come after its words or be hidden below them. */
function lettersOf(text: string): string {
  return (text.replace(/&(?:amp|lt|gt);/g, "").match(/[\p{L}\p{N}]/gu) ?? []).sort().join("");
}

const word = fc.constantFrom(
  "walk",
  "the",
  "Grüße",
  "重点",
  "A1",
  "👩‍👩‍👧",
  "slow",
  "x",
  "stretching",
  "and",
  "é",
);
const words = fc.array(word, { minLength: 1, maxLength: 6 }).map((found) => found.join(" "));
const inline = fc.oneof(
  { weight: 4, arbitrary: words },
  words.map((text) => `**${text}**`),
  words.map((text) => `*${text}*`),
  words.map((text) => `***${text}***`),
  words.map((text) => `~~${text}~~`),
  words.map((text) => `\`${text}\``),
  words.map((text) => `[${text}](https://example.org/page)`),
);
const line = fc.array(inline, { minLength: 1, maxLength: 8 }).map((found) => found.join(" "));
const row = fc.tuple(words, words).map((cells) => `| ${cells.join(" | ")} |`);
const block = fc.oneof(
  { weight: 3, arbitrary: line },
  line.map((text) => `## ${text}`),
  line.map((text) => `> ${text}`),
  fc.array(line, { minLength: 1, maxLength: 4 }).map((items) => items.map((item) => `- ${item}`).join("\n")),
  fc.array(words, { minLength: 1, maxLength: 20 }).map((code) => `\`\`\`\n${code.join("\n")}\n\`\`\``),
  fc.array(row, { minLength: 1, maxLength: 4 }).map((rows) => ["| a | b |", "| - | - |", ...rows].join("\n")),
);
/** Markdown as models write it, often longer than one part. */
const wellFormed = fc.array(block, { minLength: 1, maxLength: 60 }).map((blocks) => blocks.join("\n\n"));

/** Inputs that once failed. */
const FOUND: [markdown: string][] = [
  ["``[`!`](https://a.b)**"],
  ["[a `b` c](https://a.b)"],
  ["[ | ](https://a.b)[!](https://a.b)"],
];

/** Marks in any order and at any place. */
const anything = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "**",
        "*",
        "_",
        "~~",
        "~",
        "`",
        "``",
        "```",
        "\n```\n",
        "[",
        "](https://a.b)",
        "# ",
        "\\",
        "\n",
      ),
      fc.constantFrom(" | ", "\n| a | b |\n| - | - |\n", "> ", "- ", " ", "(", ")"),
      fc.string({ unit: "grapheme", maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((pieces) => pieces.join(""))
  .filter((text) => text.trim() !== "");
