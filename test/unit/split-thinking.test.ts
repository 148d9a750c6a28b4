import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createThinkingSplitter } from "../../src/bots/llm/split-thinking.ts";

/** The final text, and the thinking. */
function split(pieces: readonly string[], options: { tag?: string; open?: boolean; whole?: boolean } = {}) {
  const { tag, open = false, whole = true } = options;
  const tags: [string, ...string[]] = tag ? [tag] : ["think", "thinking", "reasoning", "[THINK]"];
  const splitter = createThinkingSplitter({ tags, open });
  let [text, thinking, retracted] = ["", "", false];
  for (const stretch of [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end(whole)]) {
    if (stretch.kind === "retract") [text, retracted] = ["", true];
    else if (stretch.kind === "text") text += stretch.text;
    else thinking += stretch.text;
  }
  return { text, thinking, retracted };
}

const CASES: [name: string, written: string, text: string, thinking: string][] = [
  ["in tags", "<think>\nSecret plan.\n</think>\n\nHello there", "Hello there", "\nSecret plan.\n"],
  ["behind blank space", "\n <think>plan</think>Hello", "Hello", "plan"],
  ["in an empty block", "<think>\n\n</think>\n\nHello", "Hello", "\n\n"],
  ["in two blocks", "<think>one</think>\n<think>two</think>\nHello", "Hello", "onetwo"],
  ["in a block within another", "<think>a<think>b</think>c</think>Hello", "Hello", "abc"],
  [
    "about such tags",
    "<think>They ask about <think>, hm.</think>It opens a thought.",
    "It opens a thought.",
    "They ask about , hm.",
  ],
  ["that is closed twice", "<think>a</think></think>Hello", "Hello", "a"],
  ["that never ends", "<think>a</thin", "", "a</thin"],
  [
    "in other known tags",
    "\n<reasoning>a <think>b</think></reasoning>\nHello",
    "Hello",
    "a <think>b</think>",
  ],
  ["in tags of two kinds", "[THINK]a[/THINK]<thinking>b</thinking>Hello", "Hello", "ab"],
  ["in a tag that begins like another", "<thinking>a</think></thinking>Hello", "Hello", "a</think>"],
  ["that never ends, in another tag", "<thinking>a", "", "a"],
  [
    "in another tag after the answer began",
    "Hello <thinking>a\n</thinking>\nb",
    "Hello <thinking>a\n</thinking>\nb",
    "",
  ],
  ["that is an unknown tag", "<b>Hello</b> <thinkers>", "<b>Hello</b> <thinkers>", ""],
  ["that is not there", "Hello there", "Hello there", ""],
  ["that is not there, with blank space", "\n Hello \n", "\n Hello \n", ""],
  ["that is mentioned", "Write <think>a</think> for it.", "Write <think>a</think> for it.", ""],
  [
    "that is shown as code",
    "Like so:\n```\n<think>\na\n</think>\n```\n",
    "Like so:\n```\n<think>\na\n</think>\n```\n",
    "",
  ],
  ["that is compared", "1 < 2, and </ is no tag", "1 < 2, and </ is no tag", ""],
];

describe("thinking in front of an answer", () => {
  it.each(CASES)("is removed from it: %s", (_, written, text, thinking) => {
    expect(split([written])).toEqual({ text, thinking, retracted: false });
  });

  it.each(CASES)("is found with any split into pieces: %s", (_, written, text, thinking) => {
    const anyCut = fc.array(fc.nat({ max: written.length }), { maxLength: 8 });
    fc.assert(
      fc.property(anyCut, (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), written.length];
        const pieces = places.slice(1).map((end, index) => written.slice(places[index], end));
        expect(split(pieces)).toEqual({ text, thinking, retracted: false });
      }),
    );
  });

  it("is searched in linear time, with any text after it", () => {
    // Code with quadratic time takes minutes for this text, and the test's time limit ends it.
    const blank = "\n".repeat(300_000);
    expect(split([`Hello${blank}`, ...Array(10).fill("a </think>")]).text).toHaveLength(5 + 300_000 + 100);
  });

  it("withdraws the earlier text if only its end tag appears", () => {
    const pieces = ["\nThe user wants X. Secret plan.\n", "</think>", "\n\nHello there"];
    expect(split(pieces)).toEqual({ text: "Hello there", thinking: "", retracted: true });
  });

  it("is known from the beginning if the model is known to omit the start tag", () => {
    const pieces = ["\nSecret plan.\n", "</thi", "nk>", "\n\nHello there"];
    const expected = { text: "Hello there", thinking: "\nSecret plan.\n", retracted: false };
    expect(split(pieces, { open: true })).toEqual(expected);
    expect(split(["<think>", ...pieces], { open: true })).toEqual(expected);
  });

  it("leaves the answer complete if it was expected and did not appear", () => {
    expect(split(["Hello ", "there"], { open: true }).text).toBe("Hello there");
    expect(split(["Hello ", "the"], { open: true, whole: false }).text).toBe("");
  });

  it.each(["thinking", "[THINK]", "seed:think"])("may have other tags: %s", (tag) => {
    const [open, close] = tag === "[THINK]" ? ["[THINK]", "[/THINK]"] : [`<${tag}>`, `</${tag}>`];
    expect(split([`${open}plan${close}Hello <think>`], { tag })).toMatchObject({
      text: "Hello <think>",
      thinking: "plan",
    });
  });
});
