import { expect, it } from "vitest";
import { agentSchema } from "../../src/config/agent-schema.ts";

it("a budget is of messages, tokens or both, in a window of at most a month", () => {
  const limits = (...list: object[]) => agentSchema.safeParse({ budgets: { limits: list } }).success;
  expect(
    limits({ per: "user", window: "1d", messages: 10 }, { per: "agent", window: "31d", tokens: 1 }),
  ).toBe(true);
  expect(limits({ per: "user", window: "1d" })).toBe(false);
  expect(limits({ per: "user", window: "32d", messages: 10 })).toBe(false);
  expect(limits({ per: "user", window: "soon", messages: 10 })).toBe(false);
  expect(limits({ per: "channel", window: "1d", messages: 10 })).toBe(false);
  expect(limits({ per: "user", window: "1d", messages: 0 })).toBe(false);
});
