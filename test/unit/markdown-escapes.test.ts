import { expect, test } from "vitest";
import { toMrkdwn } from "../../src/channels/slack/mrkdwn.ts";
import { toWhatsapp } from "../../src/channels/whatsapp/markup.ts";
import { toPlainText } from "../../src/core/text/markdown/plain-text.ts";

test.each<[markdown: string, plain: string, marked: string]>([
  ["snake\\_case and 5\\*3", "snake_case and 5*3", "snake_case and 5*3"],
  ["1\\. not a list", "1. not a list", "1. not a list"],
  ["\\# 5 is your number\\!", "# 5 is your number!", "# 5 is your number!"],
  ["\\*not bold\\*", "*not bold*", "\\*not bold\\*"],
  [
    "имя_файла_тест, हिन्दी_नाम_अ and é_x_é",
    "имя_файла_тест, हिन्दी_नाम_अ and é_x_é",
    "имя_файла_тест, हिन्दी_नाम_अ and é_x_é",
  ],
  ["C:\\_x and ¯\\_(ツ)_/¯", "C:\\_x and ¯\\_(ツ)_/¯", "C:\\_x and ¯\\_(ツ)_/¯"],
])("a backslash that only escapes a mark is not shown: %s", (markdown, plain, marked) => {
  expect(toPlainText(markdown)).toBe(plain);
  expect([toWhatsapp(markdown), toMrkdwn(markdown)]).toEqual([marked, marked]);
});
