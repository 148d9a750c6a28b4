import { expect, it } from "vitest";
import { telegramConfigSchema } from "../../src/channels/telegram/config.ts";

const problems = (config: unknown) =>
  telegramConfigSchema.safeParse(config).error?.issues.map(({ path }) => path.join(".")) ?? [];

it("asks for the secret of a webhook beside whatever else is wrong", () => {
  expect(problems({})).toEqual(["token", "secretToken"]);
  expect(problems({ token: "1:a", apiRoot: "nowhere" })).toEqual(["apiRoot", "secretToken"]);
  expect(problems({ token: 1, secretToken: 2 })).toEqual(["token", "secretToken"]);
  expect(problems({ token: "1:a", mode: "poling" })).toEqual(["mode"]);
  expect(problems({ token: "1:a", mode: "polling" })).toEqual([]);
  expect(problems("telegram")).toEqual([""]);
});
