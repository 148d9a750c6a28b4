import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definition } from "../../src/channels/slack/index.ts";
import { toMrkdwn } from "../../src/channels/slack/mrkdwn.ts";
import { settled, withoutPings } from "../../src/channels/slack/pings.ts";
import { escapeText, readableText } from "../../src/channels/slack/text.ts";
import { pingsIn, readMarkdown } from "../support/slack-markdown.ts";

/** Difficult text: marks, mentions and entities in any order. */
const unlucky = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom(
        "<",
        ">",
        "&",
        "&lt;",
        "@",
        "!",
        "#",
        "\\",
        "|",
        "*",
        "**",
        "~~",
        "`",
        "```\n",
        "\n```\n",
        "~~~\n",
        "\n\n",
        "\n",
        "# ",
        "> ",
        "- ",
        "    ",
        " | ",
        "\n| - | - |\n",
      ),
      fc.constantFrom("<!channel>", "<@U0ADA00001>", "<!here|here>", "@here", "channel", "everyone"),
      fc.constantFrom("[a](https://a.example/x)", "https://a.example/?a=1&b=2", "_", " "),
    ),
    { maxLength: 30 },
  )
  .map((words) => words.join(""));

const seen = (text: string) => text.replaceAll("\u2060", "");

/** The text that all parsers agree on, without Markdown's own marks, because parsers may disagree about code. */
const plain = (text: string) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&#64;", "@")
    .replace(/[\\`~]/g, "")
    .trimEnd();

/** Mentions that one Markdown parser reads as code and another does not. */
const READ_IN_TWO_WAYS: [string][] = [
  ["one ` tick\n`<!channel>` here"],
  ["| ` | x` `<!channel>` |\n| - | - |"],
  ["| a | b |\n| - | - |\n| c | d | `<!channel>` |"],
  ["<| <\n| - | - |\n!| <!here|here> `<!channel>` `"],
  ["- ```\n<!channel>\n```"],
  ["- a\n  ```\n<!channel>\n  ```\n<!here>"],
  ["- > ```\n  > a\n  > ```\n<!channel>\n> ```"],
  ["> ```\n<!channel>\n> ```"],
  ["```\na\n``` b\n<!channel>"],
  ["```\na\n     ```\n<!channel>\n```"],
  ['a <b title="`"> `<!channel>`'],
  ["\\`<!channel>`"],
  ["a`<!channel>`"],
  ["```js `x`\n<!channel>\n```"],
  ["https://a.example/?b=2{` <!channel>`"],
  ["see www.a.example/{`<!channel>`"],
  ["https://a.example/?b=2<!channel>` <!channel>`"],
  ["https://a.example/{` a ` b ` <!channel> `"],
];

/** Code in which Slack could see a mention. */
const CODE = [
  "```html\n<!DOCTYPE html>\n<!-- a comment -->\n```",
  "`@Group`",
  "`<#if user??>`, `<@macro/>` and `<!channel>`",
  "``a ` <!-- ` tick``",
  "```ftl\n<#list xs as x>\n  <@row x/> &amp; a && b\n</#list>\n```",
  "```ts\n@Group({ here: true })\n@here\n```",
  "````md\n```html\n<!-- inner -->\n```\n````",
  "1. Do this:\n\n   ```html\n   <!DOCTYPE html>\n   ```\n\n2. Then `<!-- that -->`",
  "- ```html\n  <!DOCTYPE html>\n  ```",
  "> ```html\n> <!DOCTYPE html>\n> ```",
  "| code | means |\n| - | - |\n| `<!-- a -->` | `@Group` |",
];
const notifies = /<[@!#][^>]+>|(?<![A-Za-z0-9])@(?:here|channel|everyone)(?![A-Za-z0-9])/i;

describe("a text for Slack", () => {
  test("notifies nobody and loses nothing when sent as Markdown", () => {
    fc.assert(
      fc.property(unlucky, (text) => {
        const safe = withoutPings(text);
        expect(pingsIn(readMarkdown(safe).prose)).toEqual([]);
        expect(safe).not.toContain("\u2060");
        expect(plain(safe)).toBe(plain(text));
      }),
      { numRuns: 1_000, examples: READ_IN_TWO_WAYS },
    );
  });

  test("notifies nobody while it is written, and each preview is a beginning of the final text", () => {
    fc.assert(
      fc.property(fc.array(unlucky, { minLength: 1, maxLength: 8 }), (words) => {
        const text = words.join(" ");
        expect(pingsIn(readMarkdown(withoutPings(settled(text))).prose)).toEqual([]);
      }),
      { numRuns: 500 },
    );
    const answer =
      "Use `@Group` and:\n\n```html\n<!DOCTYPE html>\n<!-- @here -->\n```\n\n<!channel>, `<#if x>` @here.";
    for (const { index } of answer.matchAll(/\s/g))
      expect(withoutPings(answer)).toContain(withoutPings(settled(answer.slice(0, index))));
  });

  test.each(CODE)("keeps its code unchanged: %s", (code) => {
    for (const text of [code, `Look:\n\n${code}`, `${code}\n\nand tell <!channel>, @here`]) {
      expect(withoutPings(text)).toContain(code);
      expect(pingsIn(readMarkdown(withoutPings(text)).prose)).toEqual([]);
      expect(toMrkdwn(text)).not.toMatch(/@\u2060Group|<\u2060/);
    }
  });

  test("gets an end for an open code block that contains a possible mention", () => {
    expect(withoutPings("```html\n<!DOCTYPE html>")).toBe("```html\n<!DOCTYPE html>\n```");
    expect(withoutPings("> ```\n> <@U1>\n")).toBe("> ```\n> <@U1>\n> ```");
    expect(withoutPings("1. ```\n   <#C1>")).toBe("1. ```\n   <#C1>\n   ```");
    expect(withoutPings("```html\n<html>")).toBe("```html\n<html>");
  });

  test("gets backticks in place of tildes around its code", () => {
    expect(withoutPings("~~~html\n<!-- a -->\n~~~\n\n@here")).toBe("```html\n<!-- a -->\n```\n\n&#64;here");
    expect(withoutPings("~~~\n```\n@Group\n~~~")).toBe("````\n```\n@Group\n````");
  });

  test.each([
    ["<!channel> and \\<!here>", "&lt;!channel> and &lt;!here>"],
    ["<\\!channel> \\\\<@U1>", "&lt;\\!channel> \\\\&lt;@U1>"],
    ["&lt;!channel&gt; 1 < 2 <b>", "&lt;!channel&gt; 1 < 2 <b>"],
    [
      "(@here) https://a.example/@channel me@here.example",
      "(&#64;here) https://a.example/@channel me@here.example",
    ],
    ["<https://a.example|a>", "<https://a.example|a>"],
  ])("has entities in place of possible mentions: %s", (text, safe) => {
    expect(withoutPings(text)).toBe(safe);
  });

  test("notifies nobody and keeps every word in the older notation", () => {
    fc.assert(
      fc.property(unlucky, (text) => {
        const raw = toMrkdwn(text);
        // Inside code a mention is only code.
        if (!/[`~]/.test(text)) expect(raw).not.toMatch(notifies);
        expect(raw).not.toMatch(/<[@!#]/);
        // Only links made here may be in angle brackets.
        expect(raw.replace(/<https?:\/\/[^<>|\s]+\|[^<>|]+>/g, "")).not.toMatch(/[<>]/);
        const words = (from: string) => from.match(/[a-z]{4,}/g) ?? [];
        const kept = words(seen(raw).replaceAll("&amp;", "&")).join(" ");
        // The text after a fence may be the name of a language.
        const written = seen(text).replace(/^[^\S\n]*(?:`{3,}|~{3,}).*$/gm, "");
        for (const word of new Set(words(written))) expect(kept).toContain(word);
      }),
      {
        numRuns: 500,
        examples: [
          ["[a](https://a.example/x)_[a](https://a.example/x)_@here"],
          ["_a_@here"],
          ["_@here_ and __@channel__"],
          ["~~~~channel\n!"],
        ],
      },
    );
  });

  test("is read back from Slack without a change", async () => {
    const nobody = { nameOf: async () => null };
    await fc.assert(
      fc.asyncProperty(unlucky, async (text) => {
        expect(await readableText(escapeText(text), nobody)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test("is not split inside a link or a phrase that fits", () => {
    const link = "[the page that explains it all](https://a.example/some/page)";
    const phrase = "**several words that belong together**";
    const code = "`const x = 1;`";
    for (let before = 3_800; before < 3_900; before++) {
      const parts = definition.split(`${"x".repeat(before - 1)} ${link} ${phrase} ${code} the end`);
      for (const whole of [link, phrase, code])
        expect(parts.filter((part) => part.includes(whole))).toHaveLength(1);
    }
  });
});
