import { expect, test } from "vitest";
import { speakable } from "../../src/core/message/speakable.ts";

test.each([
  ["**Good** morning, _Ada_! 🌞", "Good morning, Ada!"],
  ["# Plan\n\n- walk\n- rest 👍🏽", "Plan\n\n- walk\n- rest"],
  ["See [the page](https://example.org).", null],
  ["Write to ada@example.org", null],
  ["```\nnpm start\n```", null],
  ["| a | b |\n|---|---|\n| 1 | 2 |", null],
  ["👍", null],
  ["", null],
  ["a".repeat(4_097), null],
])("%j is spoken as %j", (text, words) => {
  expect(speakable(text)).toBe(words);
});
