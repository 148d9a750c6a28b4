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

test("only a voice message that says nothing else is a reset", () => {
  expect(["/reset", "Reset.", "slash reset"].map(saysReset)).toEqual([true, true, true]);
  expect(["Please reset my password", "preset", ""].map(saysReset)).toEqual([false, false, false]);
});

test("a word is found as it is written, and silence is no word", () => {
  expect(saidWord(["/human", "/help"], "Help!")).toBe("/help");
  expect(saidWord(["👍"], "…")).toBeNull();
});
