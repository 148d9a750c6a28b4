import { expect, test } from "vitest";
import { describeTrail } from "../../src/trail/describe-trail.ts";

test("an event rule that reached nobody is not shown as waiting", () => {
  const now = new Date();
  const { facts } = describeTrail(
    {
      messageId: "m",
      session: {
        id: "s",
        createdAt: now,
        status: "active",
        single: true,
        externalKey: null,
        channel: "telegram",
        kind: "telegram",
        agent: "coach",
        agentVersion: 1,
        turns: {},
        previous: null,
        isLeased: false,
        pausedUntil: null,
      },
      questions: [],
      turn: null,
      previousTurn: null,
      replies: [],
      deliveries: [],
      incidents: [],
      firings: [
        {
          id: "f",
          event: "user_message",
          rule: 0,
          status: "unreachable",
          reason: "the user blocked the bot",
          results: [],
          createdAt: now,
          endedAt: now,
        },
      ],
      attachments: [],
      handoff: null,
      access: null,
    },
    now,
  );
  expect(facts).toMatchObject([
    {
      what: "Event rule 1, on user_message, fired and reached nobody.",
      why: "The user blocked the bot.",
    },
  ]);
});
