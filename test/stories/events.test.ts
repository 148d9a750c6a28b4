import { describe, expect, it } from "vitest";
import { type Bot, defineBot } from "../../src/bots/bot.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startGatedStory } from "./gated-story.ts";

const SOON = { timeoutMs: 20_000 };

/** A scripted bot that can also summarize. */
function createSummarizingBot() {
  const scripted = createScriptedBot();
  const { definition } = scripted;
  return {
    ...scripted,
    definition: defineBot({
      ...definition,
      create: (config, deps): Bot => ({
        ...definition.create(config, deps),
        summarize: async ({ messages }) => ({ content: `summary of ${messages.length}` }),
      }),
    }),
  };
}

const RULES = [
  { on: "session_started", do: [{ action: "send_message", prompt: "Greet." }] },
  { on: "user_joined", do: [{ action: "set_participant_data", data: { joined: true } }] },
  { on: "timeout", after: "1s", times: 2, do: [{ action: "send_message", prompt: "Nudge." }] },
  { on: "last_timeout", do: [{ action: "end_session" }] },
  { on: "session_ended.event", do: [{ action: "summarize" }] },
];

interface LogRow {
  event: string;
  status: string;
  reason: string | null;
}

const LOG = "SELECT event, status, reason FROM event_log ORDER BY ordinal";

describe("a participant who goes silent", () => {
  it("is nudged twice, then the session is ended and summarized, and a return is greeted afresh", async () => {
    await using story = await startGatedStory({ bot: createSummarizingBot(), agent: { events: RULES } });
    await story.say("ada", "hello");
    await eventually(async () => {
      const [session] = await story.rows("SELECT status, end_reason, summary FROM sessions");
      expect(session).toMatchObject({ status: "completed", end_reason: "event" });
      expect(session?.["summary"]).toMatch(/^summary of/);
    }, SOON);
    expect(story.texts("ada").sort()).toEqual(["re: Greet.", "re: Nudge.", "re: Nudge.", "re: hello"]);
    const log = await story.rows<LogRow>(LOG);
    expect(log.map(({ event, status }) => [event, status])).toEqual([
      ["user_joined", "completed"],
      ["session_started", "completed"],
      ["timeout", "completed"],
      ["timeout", "completed"],
      ["last_timeout", "completed"],
      ["session_ended.event", "completed"],
    ]);

    await story.say("ada", "back again");
    await eventually(() =>
      expect(story.texts("ada").slice(4).sort()).toEqual(["re: Greet.", "re: back again"]),
    );
    const sessions = await story.rows(
      `SELECT s.status, s.summary, p.data FROM sessions s JOIN participant_data p ON p.user_id = s.user_id
       ORDER BY s.created_at DESC`,
    );
    expect(sessions).toMatchObject([
      { status: "active", summary: null, data: { joined: true } },
      { status: "completed", data: { joined: true } },
    ]);
  });
});
