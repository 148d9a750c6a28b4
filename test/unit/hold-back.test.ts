import { expect, test } from "vitest";
import { heldBack } from "../../src/web-chat/markdown/hold-back.ts";

test.each([
  ["See [the guide", "See"],
  ["See [the guide](https://example.org/sle", "See"],
  ["See [the guide](https://example.org/sleep) now", "See [the guide](https://example.org/sleep) now"],
  ["Look at ![a picture", "Look at"],
  ["Run `npm sta", "Run"],
  ["Run `npm start` now", "Run `npm start` now"],
  ["This is **very imp", "This is"],
  ["This is **very important** to know", "This is **very important** to know"],
  ["This is _quite", "This is"],
  ["It is ~~wro", "It is"],
  ["Some **bold and `code` in", "Some"],
])("%j is shown as %j while more is written", (written, shown) => {
  expect(heldBack(written)).toBe(shown);
});

test.each([
  "2 * 3 * 4 are 24",
  "the file snake_case_name.txt",
  "* an item of a list",
  "a lone ` before a long text that never closes it: ".padEnd(400, "x"),
  "```js\nconst a = [1, 2",
  "An [aside] in brackets",
])("%j is shown as it is", (written) => {
  expect(heldBack(written)).toBe(written);
});

test("only the end of a text is held back", () => {
  expect(heldBack("**one\n\nA second paragraph")).toBe("**one\n\nA second paragraph");
  expect(heldBack("Look:\n\n```")).toBe("Look:\n\n```");
});
