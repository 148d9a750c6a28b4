import { describe, expect, it } from "vitest";
import { arrangeMessages } from "../../src/bots/llm/arrange-messages.ts";

const system = (content: string) => ({ role: "system" as const, content });
const user = (content: string) => ({ role: "user" as const, content });
const assistant = (content: string) => ({ role: "assistant" as const, content });
const OPENING = user("(The assistant opens the conversation.)");

describe("the messages for a model", () => {
  it.each([
    [
      "a situation and a summary",
      [system("Be kind."), system("First visit."), system("Summary"), user("hi")],
      [system("Be kind.\n\nFirst visit.\n\nSummary"), user("hi")],
    ],
    [
      "a situation behind the agent's examples",
      [system("A"), user("q"), assistant("a"), system("B"), user("hi")],
      [system("A\n\nB"), user("q"), assistant("a"), user("hi")],
    ],
    ["a turn that failed before", [system("A"), user("one"), user("two")], [system("A"), user("one\n\ntwo")]],
    [
      "a reply in two messages",
      [user("one"), assistant("a"), assistant("b"), user("two")],
      [user("one"), assistant("a\n\nb"), user("two")],
    ],
    [
      "a message that an operator sent first",
      [system("A"), assistant("How are you?"), user("well")],
      [system("A"), OPENING, assistant("How are you?"), user("well")],
    ],
    [
      "an instruction and nothing before",
      [system("A"), system("Greet the user.")],
      [system("A"), user("Greet the user.")],
    ],
    ["an instruction alone", [system("Greet the user.")], [user("Greet the user.")]],
    [
      "an instruction in a conversation",
      [system("A"), user("hi"), assistant("hello"), system("Ask again.")],
      [system("A"), user("hi"), assistant("hello"), user("Ask again.")],
    ],
    [
      "an instruction after an unanswered message",
      [system("A"), user("hi"), system("Ask again.")],
      [system("A"), user("hi\n\nAsk again.")],
    ],
    ["messages without text", [system(" "), user("hi"), assistant(""), user("you")], [user("hi\n\nyou")]],
    ["no message at all", [], []],
  ])("are one system message, then user and assistant messages in turn: %s", (_, prompt, arranged) => {
    expect(arrangeMessages(prompt)).toEqual(arranged);
  });
});
