import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ADA,
  DM,
  directMessage,
  eventRequest,
  nextTs,
  reactionTo as slackReaction,
} from "../channels/slack-subject.ts";
import { CHAT, reactionTo, updateWith } from "../channels/telegram-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { type FakeTelegram, startFakeTelegram } from "../support/fake-telegram.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { post as postUpdate, telegramConfig } from "./conversations.ts";

const BOB = "U0BOB00001";
let app: TestApp;
let slack: FakeSlack;
let telegram: FakeTelegram;

beforeAll(async () => {
  slack = await startFakeSlack();
  slack.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  slack.people.set(BOB, { name: "bob", profile: { display_name: "Bob" } });
  telegram = await startFakeTelegram();
  const { botToken, signingSecret, apiUrl } = slack;
  app = await startTestApp({
    channels: {
      web: { kind: "web", agent: "echo" },
      api: { kind: "api", agent: "echo" },
      slack: { kind: "slack", agent: "echo", botToken, signingSecret, apiUrl },
      telegram: { ...telegramConfig(telegram).channels.telegram, agent: "echo" },
    },
  });
});

afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await slack?.close();
  await telegram?.[Symbol.asyncDispose]();
});

/** Posts an event until it is taken, as Slack does. */
async function postEvent(body: object): Promise<void> {
  const request = eventRequest(slack, body);
  await eventually(async () => {
    const { headers, body: bytes } = request;
    const url = `${app.url}/webhooks/slack`;
    const answer = await fetch(url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body: new Uint8Array(bytes),
    });
    expect(answer.status).toBe(200);
  });
}

/** Posts an update until it is taken, as Telegram does. */
const postUntilTaken = (update: object) =>
  eventually(async () => expect(await postUpdate(app.url, update)).toBe(200));

/** The newest answer of a channel's newest session, once it is recorded as sent. */
async function answerOn(channel: string) {
  return eventually(async () => {
    const [session] = (await app.api("GET", `/chat/sessions?channel=${channel}`)).body.data;
    const { data } = (await app.api("GET", `/chat/sessions/${session?.id}/messages`)).body;
    const answer = data.findLast(({ role }: { role: string }) => role === "assistant");
    expect(answer).toBeDefined();
    return answer;
  });
}

const ratingsOf = async (answer: { session_id: string; id: string }) => {
  const { data } = (await app.api("GET", `/chat/sessions/${answer.session_id}/messages`)).body;
  const { feedback } = data.find(({ id }: { id: string }) => id === answer.id);
  return feedback.map(({ rating, user }: { rating: string; user: { name: string } }) => [
    user?.name ?? null,
    rating,
  ]);
};

describe("an answer is rated", () => {
  test("over the API: once for each user, replaced, taken back, listed and exported", async () => {
    const session = (
      await app.api("POST", "/chat/sessions", { agent_id: "echo", user: { identifier: "u1", name: "Una" } })
    ).body;
    const answer = (await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "hello" }))
      .body;
    expect(answer.feedback).toEqual([]);
    const rate = (body: object, id = answer.id) => app.api("POST", `/messages/${id}/feedback`, body);
    expect((await rate({ rating: "up" })).body.feedback).toMatchObject([
      { rating: "up", comment: null, user: { identifier: "u1", name: "Una" }, via: "api" },
    ]);
    await rate({ rating: "up", user: "u2" });
    const replaced = await rate({ rating: "down", comment: "=Too short." });
    expect(replaced.status).toBe(200);
    expect(replaced.body.feedback).toMatchObject([
      { rating: "down", comment: "=Too short.", user: { identifier: "u1" } },
      { rating: "up", comment: null, user: { identifier: "u2", name: null } },
    ]);
    await rate({ rating: null, user: "u2" });
    const listed = (await app.api("GET", `/feedback?session_id=${session.id}&rating=down`)).body;
    expect(listed).toMatchObject({
      data: [{ message_id: answer.id, channel: "api", content: "You said: hello", comment: "=Too short." }],
      meta: { total: 1 },
    });
    const lines = (await app.api("GET", `/exports/sessions?channel=api&format=jsonl`)).body;
    expect(lines.messages[1].feedback).toMatchObject([{ rating: "down", user: { identifier: "u1" } }]);

    expect((await rate({ rating: "up" }, answer.user_message_id)).body.error.code).toBe("not_rateable");
    expect((await rate({ rating: "up" }, session.id)).body.error.code).toBe("message_not_found");
    expect((await rate({ rating: null, comment: "?" })).status).toBe(422);
    expect((await rate({ rating: "five stars" })).status).toBe(422);
  });

  test("on the web by its own visitor only, who sees the rating again later", async () => {
    const visitor = await newVisitor(app.url);
    const session = await visitor.openSession();
    await visitor.send(session, "hello");
    const shown = async () => (await visitor.call("GET", `/sessions/${session}/messages`)).body.data[1];
    await eventually(async () => expect(await shown()).toMatchObject({ role: "assistant", feedback: null }));
    const { id } = await shown();
    const path = `/sessions/${session}/messages/${id}/feedback`;
    const rated = await visitor.call("POST", path, { rating: "down", comment: "No" });
    expect([rated.status, rated.body]).toEqual([
      200,
      expect.objectContaining({ id, feedback: { rating: "down", comment: "No" } }),
    ]);
    expect((await shown()).feedback).toEqual({ rating: "down", comment: "No" });
    using events = await visitor.events(session);
    await eventually(() => expect(events.messages()[1]).toMatchObject({ feedback: { rating: "down" } }));
    const other = await newVisitor(app.url);
    expect((await other.call("POST", path, { rating: "up" })).status).toBe(404);
    const theirs = `/sessions/${await other.openSession()}/messages/${id}/feedback`;
    expect((await other.call("POST", theirs, { rating: "up" })).body.error.code).toBe("message_not_found");
    await visitor.call("POST", path, { rating: null });
    expect((await shown()).feedback).toBeNull();
  });

  test("by reactions in Telegram, where the newest counts in any order of arrival", async () => {
    await postUntilTaken(updateWith({ text: "hello" }));
    const answer = await answerOn("telegram");
    const externalId = await eventually(() => {
      const { messageId } = telegram.sent.find(({ text }) => text === "You said: hello") ?? {};
      expect(messageId).toBeDefined();
      return `${CHAT}:${messageId}`;
    });
    const at = (date: number) => ({ date: 1_790_000_000 + date });
    const bob = { user: { id: 5, is_bot: false, first_name: "Bob" } };
    await postUntilTaken(reactionTo(externalId, ["🔥", "👍"], at(1)));
    await postUntilTaken(reactionTo(externalId, ["👎"], { ...at(2), ...bob }));
    await eventually(async () =>
      expect(await ratingsOf(answer)).toEqual([
        ["Ada Lovelace", "up"],
        ["Bob", "down"],
      ]),
    );
    await postUntilTaken(reactionTo(externalId, [], { ...at(4), ...bob }));
    await postUntilTaken(reactionTo(externalId, ["👍"], { ...at(3), ...bob }));
    await postUntilTaken(reactionTo(externalId, ["👎"], at(5)));
    await postUntilTaken(reactionTo(`${CHAT}:999999`, ["👎"], at(6)));
    await eventually(async () => expect(await ratingsOf(answer)).toEqual([["Ada Lovelace", "down"]]));
  });

  test("by reactions in Slack, also from others in the thread; erasing a person erases their rating", async () => {
    const thread = nextTs();
    await postEvent(directMessage(slack, { ts: thread, text: "hello" }));
    const answer = await answerOn("slack");
    const externalId = await eventually(() => {
      const { ts } = slack.posted.find(({ text }) => text === "You said: hello") ?? {};
      expect(ts).toBeDefined();
      return `${DM}:${ts}`;
    });
    await postEvent(slackReaction(slack, externalId, "+1"));
    await postEvent(slackReaction(slack, externalId, "-1", { user: BOB }));
    await postEvent(slackReaction(slack, externalId, "eyes", { user: "U0EVE00001" }));
    await postEvent(slackReaction(slack, externalId, "+1", { user: slack.us.userId }));
    await eventually(async () =>
      expect(await ratingsOf(answer)).toEqual([
        ["Ada", "up"],
        ["Bob", "down"],
      ]),
    );
    // The person removes the earlier thumb after adding the new one.
    await postEvent(slackReaction(slack, externalId, "-1"));
    await postEvent(slackReaction(slack, externalId, "+1", { type: "reaction_removed" }));
    await postEvent(slackReaction(slack, externalId, "-1", { type: "reaction_removed", user: BOB }));
    await eventually(async () => expect(await ratingsOf(answer)).toEqual([["Ada", "down"]]));
    const [person] = (await app.api("GET", "/users?channel=slack")).body.data;
    const exported = await app.api("GET", `/users/${person.id}/export`);
    expect(exported.body.ratings).toMatchObject([{ message_id: answer.id, rating: "down", comment: null }]);
    expect((await app.api("DELETE", `/users/${person.id}`)).status).toBe(204);
    expect((await app.api("GET", "/feedback?channel=slack")).body.data).toEqual([]);
  });
});
