import { expect, it } from "vitest";
import { definition } from "../../src/bots/echo/index.ts";
import { askBot } from "./ask-bot.ts";
import { keptLog } from "./quiet-log.ts";

const echo = definition.create(definition.configSchema.parse({}), { log: keptLog() });

it("echo answers with the text of the message", async () => {
  const { result, progress } = await askBot(echo, "hello");
  expect(result.replies).toEqual([{ content: "You said: hello" }]);
  expect(progress).toEqual([{ type: "content", content: "You said: hello" }]);
});

it("echo answers several collected messages in one reply, in order", async () => {
  const { result } = await askBot(echo, ["one", "two"]);
  expect(result.replies).toEqual([{ content: "You said: one\ntwo" }]);
});

it("echo takes no settings", () => {
  expect(definition.configSchema.safeParse({ prefix: "Hm: " }).success).toBe(false);
});
