import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

/** The front agent hands over as soon as it knows the user's request. Billing returns the user when it is done. */
const FRONT = {
  events: [
    {
      on: "bot_message",
      when: { participantData: { wants: "billing" } },
      do: [{ action: "start_agent", agent: "billing" }],
    },
  ],
};
const BILLING = {
  events: [{ on: "session_ended", do: [{ action: "log" }] }],
  reset: { reply: "Billing begins anew." },
};
const story = (options: Parameters<typeof startGatedStory>[0] = {}) =>
  startGatedStory({ agent: FRONT, colleagues: { billing: BILLING }, ...options });

/** The answering agent and the texts of each call, in order. */
const answered = ({ bot }: GatedStory) => bot.calls.map(({ turn, texts }) => `${turn.agent.slug}: ${texts}`);

async function handOver(
  open: GatedStory,
  say: (text: string) => Promise<void>,
  sends: number,
): Promise<void> {
  await say("hello");
  await eventually(() => expect(open.channel.sends).toHaveLength(sends + 1));
  const { body } = await open.app.api("GET", "/users");
  const user = body.data[0].id;
  await open.app.api("PATCH", `/users/${user}/data/agent`, { wants: "billing" });
  await say("I want to pay");
  await eventually(async () => {
    const rows = await open.rows("SELECT status FROM event_log WHERE event = 'bot_message'");
    expect(rows).toEqual([{ status: "completed" }]);
  });
}

describe("a session handed to another agent", () => {
  it("keeps getting the user's messages after a restart and a reset, until it ends", async () => {
    await using database = await createTestDatabase();
    const first = await story({ database });
    await handOver(first, (text) => first.say("ada", text), 0);
    await first.say("ada", "here is my card");
    await first.channel.sending("re: here is my card");
    expect(answered(first)).toEqual(["agent: hello", "agent: I want to pay", "billing: here is my card"]);
    expect(await first.rows("SELECT count(*)::int AS count FROM sessions")).toEqual([{ count: 1 }]);
    await first[Symbol.asyncDispose]();

    await using second = await story({ database });
    await second.say("ada", "/reset");
    await second.channel.sending("Billing begins anew.");
    await second.say("ada", "again");
    await second.channel.sending("re: again");
    const [open] = await second.rows<{ id: string }>("SELECT id FROM sessions WHERE status = 'active'");
    await second.app.api("POST", `/chat/sessions/${open?.id}/end`, {});
    await second.say("ada", "somebody there?");
    await second.channel.sending("re: somebody there?");
    expect(answered(second)).toEqual(["billing: again", "agent: somebody there?"]);
  });

  it("yields to the first agent when that agent is asked to write", async () => {
    await using open = await story();
    await handOver(open, (text) => open.say("ada", text), 0);
    const front = { agent_id: "agent", channel: "gated", identifier: "ada" };
    const check = async () => {
      const asked = { agent_id: "agent", channel: "gated", items: [{ identifier: "ada" }] };
      return (await open.app.api("POST", "/trigger_bot_message/check", asked)).body.data[0];
    };
    const [handed] = await open.rows(
      "SELECT id AS session_id, agent_id FROM sessions WHERE status = 'active'",
    );
    expect(await check()).toMatchObject({ session: null, handed_to: handed });
    await open.app.api("POST", "/trigger_bot_message", { ...front, message_text: "The front desk again." });
    expect(await check()).toMatchObject({ session: { id: expect.any(String) }, handed_to: null });
    await open.say("ada", "oh");
    await open.channel.sending("re: oh");
    expect(answered(open).at(-1)).toBe("agent: oh");
  });

  it("covers only its own thread on channels where users have several sessions", async () => {
    const channel = createGatedChannel((send) => send.settle(sent()), { sessions: "many" });
    await using open = await story({ channel });
    await handOver(open, (text) => open.say("ada", text, { thread: "t1" }), 0);
    await open.say("ada", "here is my card", { thread: "t1" });
    await open.channel.sending("re: here is my card");
    await open.say("ada", "another matter", { thread: "t2" });
    await open.channel.sending("re: another matter");
    expect(answered(open).slice(2)).toEqual(["billing: here is my card", "agent: another matter"]);
  });
});
