import { expect, test } from "vitest";
import { type HeardSound, type Hearing, heardMessage } from "../../src/turns/hearing/heard-message.ts";

const says = (words: string): HeardSound => ({ kind: "heard", words, language: "en", seconds: 1.5 });
const silent: HeardSound = { kind: "unheard", code: "no_words", reason: "there are no words in it" };
const hearing = (over: Partial<Hearing> = {}): Hearing => ({
  model: "whisper-1",
  caption: "",
  resetCommand: true,
  userWords: ["/human"],
  offer: { yes: "confirm:7", "1": "confirm:7", reset: "clock:reset" },
  ...over,
});

test("the transcript becomes the content, with the details of the recording", () => {
  expect(heardMessage([says("How are you?")], hearing())).toEqual({
    content: "How are you?",
    origin: "user",
    payload: null,
    title: "How are you?",
    transcription: { model: "whisper-1", language: "en", seconds: 1.5 },
  });
});

test("several recordings, a caption and a recording without words keep their order", () => {
  const heard = heardMessage([says("first"), silent, says("reset")], hearing({ caption: "Listen:" }));
  expect(heard).toMatchObject({
    content: "Listen:\n\nfirst\n\n[voice message that could not be heard: there are no words in it]\n\nreset",
    origin: "user",
    transcription: { seconds: 3, error: { code: "no_words", message: "there are no words in it" } },
  });
  expect(heardMessage([silent], hearing())).toMatchObject({ title: null, transcription: { seconds: null } });
});

test("a choice comes before a command, and a command only if the channel has one", () => {
  expect(heardMessage([says("Yes.")], hearing())).toMatchObject({ content: "Yes.", payload: "confirm:7" });
  expect(heardMessage([says("Reset.")], hearing())).toMatchObject({ origin: "user", payload: "clock:reset" });
  expect(heardMessage([says("Reset.")], hearing({ offer: null }))).toMatchObject({
    origin: "command",
    content: "/reset",
    title: null,
  });
  const elsewhere = hearing({ offer: null, resetCommand: false });
  expect(heardMessage([says("Reset.")], elsewhere)).toMatchObject({ origin: "user", content: "Reset." });
});

test("a word that asks for a person is stored as it is written", () => {
  expect(heardMessage([says("Human, please")], hearing()).content).toBe("Human, please");
  expect(heardMessage([says("Slash human!")], hearing()).content).toBe("/human");
});
