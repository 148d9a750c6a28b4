import { expect, test } from "vitest";
import { saidWord, saysReset, spokenForm } from "../../src/core/message/spoken-words.ts";

test.each([
  ["Slash reset.", "reset"],
  ["/reset", "reset"],
  [" Yes,  PLEASE! ", "yes please"],
  ["¿Sí?", "sí"],
  ["👍", ""],
])("%j is compared as %j", (words, form) => {
  expect(spokenForm(words)).toBe(form);
});

test("a voice message is a reset only if it contains nothing else", () => {
  expect(["/reset", "Reset.", "slash reset"].map(saysReset)).toEqual([true, true, true]);
  expect(["Please reset my password", "preset", ""].map(saysReset)).toEqual([false, false, false]);
});

test("a word is found as it is written, and silence contains no word", () => {
  expect(saidWord(["/human", "/help"], "Help!")).toBe("/help");
  expect(saidWord(["👍"], "…")).toBeNull();
});
