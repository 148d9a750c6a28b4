import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definition } from "../../src/channels/slack/index.ts";
import { toMrkdwn } from "../../src/channels/slack/mrkdwn.ts";
import { escapeText, readableText, withoutPings } from "../../src/channels/slack/text.ts";

/** Text that is as unlucky as it can be: markers, mentions and entities in any order. */
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
        "\n",
        "# ",
      ),
      fc.constantFrom("<!channel>", "<@U0ADA00001>", "<!here|here>", "@here", "channel", "everyone"),
      fc.constantFrom("[a](https://a.example/x)", "https://a.example/?a=1&b=2", "_", " "),
    ),
    { maxLength: 30 },
  )
  .map((words) => words.join(""));

const seen = (text: string) => text.replaceAll("\u2060", "");
const notifies = /<[@!#][^>]+>|(?<![A-Za-z0-9])@(?:here|channel|everyone)(?![A-Za-z0-9])/i;

describe("a text for Slack", () => {
  test("notifies nobody and loses nothing, as Markdown", () => {
    fc.assert(
      fc.property(unlucky, (text) => {
        const safe = withoutPings(text);
        expect(seen(safe)).toBe(seen(text));
        // What is left after Markdown has undone entities and backslashes.
        const parsed = safe.replaceAll("&lt;", "<").replace(/\\(?=[@#!<])/g, "");
        expect(parsed).not.toMatch(notifies);
      }),
      { numRuns: 500 },
    );
  });

  test("notifies nobody and keeps every word, in the older notation", () => {
    fc.assert(
      fc.property(unlucky, (text) => {
        const raw = toMrkdwn(text);
        expect(raw).not.toMatch(notifies);
        // Only the links made here may stand in angle brackets.
        expect(raw.replace(/<https?:\/\/[^<>|\s]+\|[^<>|]+>/g, "")).not.toMatch(/[<>]/);
        const words = (from: string) => from.match(/[a-z]{4,}/g) ?? [];
        const kept = words(seen(raw).replaceAll("&amp;", "&")).join(" ");
        // What stands behind a fence may be the name of a language.
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

  test("comes back from Slack as it was typed", async () => {
    const nobody = { nameOf: async () => null };
    await fc.assert(
      fc.asyncProperty(unlucky, async (text) => {
        expect(await readableText(escapeText(text), nobody)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test("is not cut inside a link or a phrase that fits", () => {
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
