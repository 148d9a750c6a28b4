import { describe, expect, it } from "vitest";
import { callback } from "../channels/slack-subject.ts";
import { type FakeSlack, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { markedDouble, message, patiently, post, receivedIn, telegramConfig } from "./conversations.ts";
import { ANNA, SUPPORT } from "./desk-story.ts";
import { sharedEngine } from "./shared-engine.ts";

describe("a desk while processes are killed", { timeout: 300_000 }, () => {
  it("receives one card and each text once, and the user receives each text once", async () => {
    await using telegram = await startFakeTelegram();
    await using slack = await startFakeSlack();
    slack.people.set(ANNA, { name: "anna", profile: { display_name: "Anna" } });
    slack.memberOf.add(SUPPORT);
    await using engine = await sharedEngine({ config: withDesk(telegramConfig(telegram), slack) });
    const first = await engine.start("all");
    // Slack posts the card, and the process dies before it reads the answer.
    slack.fail({ hang: true });
    expect(await post(first.url, message(7, "/human"))).toBe(200);
    const card = await patiently(() => {
      const [posted] = slack.posted;
      if (posted === undefined) throw new Error("no card was posted");
      return posted;
    });
    expect(await post(first.url, message(7, "where is my money?"))).toBe(200);
    const words = memberSays(slack, card.ts, "It is on its way.");
    // The thread is not known yet, so Slack is asked to send the words again.
    expect(await postTo(first.url, slack, words)).toBe(503);
    await first.kill();
    const second = await engine.start("all");
    const inThread = () =>
      slack.posted.filter(({ threadTs }) => threadTs === card.ts).map(({ text }) => text);
    await patiently(() => expect(inThread()).toEqual(["Ada: where is my money?"]));
    await patiently(async () => expect(await postTo(second.url, slack, words)).toBe(200));
    await second.kill();
    // Slack repeats the event, because it got no answer for a while.
    const third = await engine.start("all");
    expect(await postTo(third.url, slack, words)).toBe(200);
    await patiently(() => expect(inThread().slice(1)).toContain("Anna (slack) answers now."));
    await patiently(async () =>
      expect(await postTo(third.url, slack, memberSays(slack, card.ts, "!release"))).toBe(200),
    );
    await patiently(() => expect(inThread().at(-1)).toBe("Handed back. The assistant answers again."));
    expect(await post(third.url, message(7, "thank you"))).toBe(200);
    await patiently(() => expect(receivedIn(telegram, 7).at(-1)).toBe("You said: thank you"));
    expect(slack.posted.filter(({ threadTs }) => threadTs === null)).toHaveLength(1);
    // A kill may interrupt a send. Then the repeated send is marked as a possible duplicate.
    const doubles = new Set(await markedDouble(engine.databaseUrl));
    expect(doubles).not.toContain(card.text);
    for (const texts of [inThread(), receivedIn(telegram, 7)]) {
      const repeated = texts.filter((text, index) => texts.indexOf(text) !== index);
      expect(repeated.filter((text) => !doubles.has(text))).toEqual([]);
    }
    expect(new Set(receivedIn(telegram, 7))).toEqual(new Set(["It is on its way.", "You said: thank you"]));
  });
});

function withDesk(config: ReturnType<typeof telegramConfig>, slack: FakeSlack) {
  const { botToken, signingSecret, apiUrl } = slack;
  return {
    ...config,
    agents: {
      talker: { ...config.agents.talker, handoff: { desk: "support", userWords: ["/human"] } },
    },
    channels: {
      ...config.channels,
      slack: { kind: "slack", agent: "talker", mode: "events", botToken, signingSecret, apiUrl },
    },
    desks: { support: { channel: "slack", conversation: SUPPORT } },
  };
}

let lastTs = 0;

const memberSays = (slack: FakeSlack, thread: string, text: string) =>
  callback(slack, {
    type: "message",
    channel: SUPPORT,
    channel_type: "channel",
    user: ANNA,
    ts: `1790001000.${String(++lastTs).padStart(6, "0")}`,
    thread_ts: thread,
    text,
  });

async function postTo(url: string, slack: FakeSlack, body: unknown): Promise<number> {
  const text = JSON.stringify(body);
  const headers = signedHeaders(text, slack.signingSecret);
  const response = await fetch(`${url}/webhooks/slack`, { method: "POST", headers, body: text });
  await response.arrayBuffer();
  return response.status;
}
