import { expect, it, test } from "vitest";
import { telegramConfigSchema } from "../../src/channels/telegram/config.ts";

const problems = (config: unknown) =>
  telegramConfigSchema.safeParse(config).error?.issues.map(({ path }) => path.join(".")) ?? [];

it("reports a missing webhook secret together with all other problems", () => {
  expect(problems({})).toEqual(["token", "secretToken"]);
  expect(problems({ token: "123:abc", apiRoot: "nowhere" })).toEqual(["apiRoot", "secretToken"]);
  expect(problems({ token: 1, secretToken: 2 })).toEqual(["token", "secretToken"]);
  expect(problems({ token: "123:abc", mode: "poling" })).toEqual(["mode"]);
  expect(problems({ token: "123:abc", mode: "polling" })).toEqual([]);
  expect(problems("telegram")).toEqual([""]);
});

test.each([
  "mytoken",
  "123456",
  "12:AB",
  "bot123456:ABC-DEF",
  "123456:",
  ":ABC-DEF",
  "123456:ABC DEF",
  "$TOKEN",
  "",
])("refuses %j as a bot's token", (token) => {
  expect(problems({ token, mode: "polling" })).toEqual(["token"]);
});

it("accepts tokens of @BotFather and of servers in place of Telegram", () => {
  const made = "7123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_-";
  for (const token of [made, "4242:test-api-token"]) expect(problems({ token, mode: "polling" })).toEqual([]);
});

it("accepts exactly the commands that Telegram accepts", () => {
  const withCommand = (command: object) =>
    problems({ token: "123:abc", mode: "polling", commands: [command] });
  expect(withCommand({ command: "help", description: "Help" })).toEqual([]);
  expect(withCommand({ command: "/Help", description: "" })).toEqual([
    "commands.0.command",
    "commands.0.description",
  ]);
});
