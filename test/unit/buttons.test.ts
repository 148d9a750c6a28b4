import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Button,
  type ButtonSupport,
  inWords,
  toButtons,
  withOptions,
} from "../../src/core/message/button.ts";
import { buttonsSchema } from "../../src/core/message/button-schema.ts";
import { prepareReply } from "../../src/core/message/reply-parts.ts";
import { choiceOf, typedChoicesOf } from "../../src/core/message/typed-choices.ts";
import { splitText } from "../../src/core/text/split-text.ts";

const withoutSpace = (text: string) => text.replace(/\s+/g, "");
const yesNo = toButtons([{ label: "Yes", payload: "confirm:7" }, { label: "No" }]);
const page: Button = { label: "Terms", payload: "Terms", url: "https://example.org/terms" };

const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const button = fc.record({
  label,
  payload: fc.option(fc.string({ minLength: 1, maxLength: 40 }), { nil: undefined }),
  url: fc.option(fc.constant("https://example.org/page"), { nil: undefined }),
});
const specs = fc.array(button, { minLength: 1, maxLength: 12 });

/** The reply as a platform would receive it, split into short parts. */
function prepared(content: string, buttons: Parameters<typeof toButtons>[0], support: ButtonSupport | null) {
  return prepareReply(
    { content, buttons },
    { split: (text) => splitText(text, { limit: 60 }), buttons: support },
  );
}

describe("a reply with buttons", () => {
  test("keeps them with its last part, if the platform shows buttons", () => {
    const content = "word ".repeat(40).trim();
    const reply = prepared(content, yesNo, { max: 2, labelLimit: 3, urls: false });
    expect(reply.parts.length).toBeGreaterThan(2);
    expect(reply.parts.map(({ buttons }) => buttons).slice(0, -1)).not.toContainEqual(expect.anything());
    expect(reply.parts.at(-1)?.buttons).toEqual(yesNo);
    expect(withoutSpace(reply.parts.map((part) => part.content).join(""))).toBe(withoutSpace(content));
  });

  test.each([
    ["the platform shows none", null],
    ["there are too many", { max: 1, labelLimit: 20, urls: true }],
    ["a label is too long", { max: 9, labelLimit: 2, urls: true }],
  ])("is written as a numbered list: %s", (_, support) => {
    expect(prepared("Sure?", yesNo, support).parts).toEqual([
      { content: "Sure?\n\n1. Yes\n2. No", buttons: null },
    ]);
  });

  test("shows the URL of a link button, without a number", () => {
    const [yes, no] = yesNo as [Button, Button];
    expect(withOptions("Sure?", [yes, page, no])).toBe(
      "Sure?\n\n1. Yes\nTerms: https://example.org/terms\n2. No",
    );
    expect(prepared("Sure?", [page], { max: 9, labelLimit: 20, urls: false }).parts[0]?.buttons).toBeNull();
  });

  test("is written as a list if there is no text above the buttons", () => {
    const reply = prepared(" ", yesNo, { max: 9, labelLimit: 20, urls: true });
    expect(reply.parts).toEqual([{ content: "1. Yes\n2. No", buttons: null }]);
    expect(reply.choices).toMatchObject({ "1": "confirm:7" });
  });

  test("loses nothing when its list has to be split", () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 40 }), specs, (content, written) => {
        const { parts } = prepared(content, written, null);
        const whole = withOptions(content, toButtons(written));
        expect(withoutSpace(parts.map((part) => part.content).join(""))).toBe(withoutSpace(whole));
        for (const part of parts) expect(part.content.length).toBeLessThanOrEqual(60);
        for (const { label, url } of toButtons(written)) {
          if (url === undefined) expect(whole).toMatch(/\n\d+\. /);
          expect(whole).toContain(label);
        }
      }),
    );
  });

  test("reaches a model with its options, and with the chosen one if the text does not name it", () => {
    expect(inWords({ content: "Sure?", buttons: yesNo })).toBe("Sure?\n\n1. Yes\n2. No");
    expect(inWords({ content: "2", payload: "No" })).toBe("2\n[chosen: No]");
    expect(inWords({ content: "Yes", payload: "confirm:7" })).toBe("Yes\n[chosen: confirm:7]");
    expect(inWords({ content: "No", payload: "No" })).toBe("No");
    expect(inWords({ content: "hello" })).toBe("hello");
  });
});

describe("an answer to buttons", () => {
  const meaning = (buttons: readonly Button[], numbered: boolean, text: string) => {
    const choice = choiceOf(text);
    const choices = new Map(Object.entries(typedChoicesOf(buttons, numbered) ?? {}));
    return choice === null ? null : (choices.get(choice) ?? null);
  };

  test.each(["Yes", "yes", "  YES! ", "1", "1.", "1)", "(1)", "１"])("%j is the first option", (text) => {
    expect(meaning(yesNo, true, text)).toBe("confirm:7");
  });

  test.each(["", "3", "0", "yes please", "1 2", "-1", "constructor", "__proto__", "."])(
    "%j is none of them",
    (text) => expect(meaning(yesNo, true, text)).toBeNull(),
  );

  test("is a number only if numbers were shown", () => {
    expect(meaning(yesNo, false, "1")).toBeNull();
    expect(meaning(yesNo, false, "yes")).toBe("confirm:7");
  });

  test("is never guessed if it could mean two options", () => {
    const stars = toButtons(["3", "2", "1"].map((stars) => ({ label: stars, payload: `stars:${stars}` })));
    // "2" is the second option and also its label. "1" is the first option, but the last one's label.
    expect(["1", "2", "3"].map((text) => meaning(stars, true, text))).toEqual([null, "stars:2", null]);
    const twice = toButtons([
      { label: "Yes", payload: "a" },
      { label: "yes!", payload: "b" },
    ]);
    expect(meaning(twice, true, "yes")).toBeNull();
    expect(meaning(twice, true, "2")).toBe("b");
  });

  test("cannot be a button that opens a page", () => {
    expect(typedChoicesOf([page], true)).toBeNull();
    expect(meaning([page, ...yesNo], true, "1")).toBe("confirm:7");
  });

  test("is the option with that label or number, with any labels", () => {
    fc.assert(
      fc.property(specs, (written) => {
        const options = toButtons(written).filter(({ url }) => url === undefined);
        for (const [index, option] of options.entries()) {
          const number = String(index + 1);
          const byNumber = meaning(options, true, number);
          if (byNumber !== null) expect(byNumber).toBe(option.payload);
          const same = options.filter((other) => choiceOf(other.label) === choiceOf(option.label));
          const byLabel = meaning(options, false, option.label);
          if (byLabel !== null) expect(same.map(({ payload }) => payload)).toContain(byLabel);
          if (same.length === 1 && choiceOf(option.label) !== null) expect(byLabel).toBe(option.payload);
        }
      }),
    );
  });
});

test.each([
  [{ label: " " }],
  [{ label: "two\nlines" }],
  [{ label: "x".repeat(101) }],
  [{ label: "x", payload: "" }],
  [{ label: "x", url: "javascript:alert(1)" }],
  [{ label: "x", url: "https://" }],
  [{ label: "x", style: "danger" }],
])("%j is refused as a button", (spec) => {
  expect(buttonsSchema.safeParse([spec]).success).toBe(false);
});
