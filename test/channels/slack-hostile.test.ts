import { expect, test } from "vitest";
import { withoutMention } from "../../src/channels/slack/addressing.ts";
import { toMrkdwn } from "../../src/channels/slack/mrkdwn.ts";
import { settled, withoutPings } from "../../src/channels/slack/pings.ts";
import { tablesInWords } from "../../src/channels/slack/rich-text.ts";
import { createRouting } from "../../src/channels/slack/routing.ts";
import { readableText } from "../../src/channels/slack/text.ts";
import { toPlainText } from "../../src/core/text/markdown/plain-text.ts";

// Code with quadratic time takes minutes for these texts, and the test's time limit ends it.

const US = { userId: "U0BOT00001", botId: null, appId: null, name: null };
const MENTION = "<@U0BOT00001>";
const route = createRouting({ sales: { channels: [], keywords: ["sales"] } });
const many = (text: string, length = 300_000) => text.repeat(Math.ceil(length / text.length));

const HEARD = [" ", "\t", "a", ".", "<", "<@", "<@U0BOT00001", "<@U0BOT00001|", "<a|", "&lt;", `${MENTION} `];
const WRITTEN = [
  "*_",
  "_*_*",
  "**a** ",
  "*a ",
  "`",
  "` ",
  "`a` ",
  "[a](https://b.example) ",
  "\\",
  "|",
  "```\n",
];

test.each(HEARD)("a message that repeats only %j is read in linear time", async (unit) => {
  for (const text of [many(unit), `${many(unit)}x`]) {
    expect(withoutMention(text, US).length).toBeLessThanOrEqual(text.length);
    expect(withoutMention(`${MENTION} ${text} ${MENTION} hello`, US)).toContain("hello");
    expect(route("C0GENERAL1", text)).toBeNull();
    expect(await readableText(text, { nameOf: async () => null })).not.toBeNull();
    const cell = { type: "raw_text", text };
    expect(tablesInWords([{ type: "table", rows: [[cell, cell]] }])).toHaveLength(1);
  }
});

test.each([...HEARD, ...WRITTEN])("an answer that repeats only %j is written in linear time", (unit) => {
  const text = many(unit, 30_000);
  for (const answer of [`<!here>${text}`, `${text}<!here>`, `${text}x`]) {
    expect(withoutPings(answer).length).toBeGreaterThan(0);
    expect(settled(answer).length).toBeLessThanOrEqual(answer.length);
    expect(toMrkdwn(answer).length).toBeGreaterThan(0);
  }
});

test("an answer that repeats only marks is read in linear time", () => {
  expect(toPlainText(many("*_")).length).toBeGreaterThan(0);
});

test("a real mention of the bot is removed together with the space before it", () => {
  expect(withoutMention(`${MENTION}, hello`, US)).toBe("hello");
  expect(withoutMention(`  ${MENTION}: ${MENTION} hello`, US)).toBe("hello");
  expect(withoutMention(`hello \t${MENTION}!\nand ${MENTION}`, US)).toBe("hello!\nand");
  expect(withoutMention("hello <@U0BOT00001|causeway>", US)).toBe("hello");
  expect(withoutMention("hello <@U0BOT000012>", US)).toBe("hello <@U0BOT000012>");
  expect(withoutMention(` ${MENTION} `, US)).toBe("");
});

test("a first word chooses the agent, however much punctuation follows it", () => {
  for (const text of ["sales", "SALES!!", `sales${".".repeat(500)} x`, "  sales, hello"])
    expect(route("C0GENERAL1", text)).toBe("sales");
  expect(route("C0GENERAL1", `sales${".".repeat(500)}x`)).toBeNull();
});
