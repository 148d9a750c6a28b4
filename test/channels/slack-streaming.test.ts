import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { LiveStream } from "../../src/core/message/live-stream.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { partOf } from "./conformance-subject.ts";
import { ADA, callback, DM, eventRequest, labelsOf, nextTs, slackChannel } from "./slack-subject.ts";

const CHANNEL = "C0GENERAL1";
const THREAD = "1790000100.000100";
const soon = () => AbortSignal.timeout(10_000);

let fake: FakeSlack;
let channel: Channel;
let standing: string[];
const start = async (config: Record<string, unknown> = {}) => {
  fake = await startFakeSlack();
  channel = slackChannel(fake, { config });
  standing = [];
};
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const open = (conversation = DM, thread = THREAD, user = ADA): LiveStream | null =>
  channel.openStream?.({
    address: `${conversation}:${thread}`,
    executionId: "execution",
    userIdentifier: user,
    onStanding: (preview) => void standing.push(preview),
  }) ?? null;

/** A stream that was ended after it showed a text. */
async function standingAs(text: string, conversation = DM): Promise<string> {
  const stream = open(conversation);
  stream?.show(text);
  await eventually(() => expect(standing).toHaveLength(1));
  expect(await stream?.close()).toBe(true);
  return standing[0] ?? "";
}

const send = (text: string, preview: string, from = channel) =>
  from.send({ ...partOf(`${DM}:${THREAD}`, text), preview }, soon());

const called = (method: string) => fake.calls.filter((call) => call.method === method);

describe("an answer in a thread", () => {
  beforeEach(() => start());

  test("is a stream while it is written; its end stops the stream without an edit", async () => {
    const stream = open();
    stream?.show("One");
    expect(fake.posted).toEqual([]);
    stream?.show("One two");
    await eventually(() => expect(fake.posted).toMatchObject([{ text: "One", streaming: true }]));
    stream?.show("One two **thr");
    await eventually(() => expect(fake.posted).toMatchObject([{ text: "One two", streaming: true }]));
    expect(await stream?.close()).toBe(true);
    const [preview = ""] = standing;
    expect(await send("One two **three** four", preview)).toEqual({
      kind: "sent",
      externalIds: [preview.replace("stream:", "")],
    });
    expect(fake.posted).toMatchObject([
      { text: "One two **three** four", streaming: false, edited: false, threadTs: THREAD },
    ]);
  });

  test("needs no status while its text is visible", async () => {
    const typing = () => channel.typing?.(`${DM}:${THREAD}`, soon());
    const stream = open();
    await typing();
    expect(fake.statuses).toHaveLength(1);
    stream?.show("One two");
    await eventually(() => expect(standing).toHaveLength(1));
    await typing();
    expect(fake.statuses).toHaveLength(1);
    await stream?.close();
    await typing();
    expect(fake.statuses).toHaveLength(2);
  });

  test("may have no spaces", async () => {
    await standingAs("今日は晴れです");
    expect(fake.posted).toMatchObject([{ text: "今日は晴れです" }]);
  });

  test("notifies nobody, wherever it is cut", async () => {
    const stream = open();
    const answer = "Ask <!channel> and @here and <@U0ADA00001> or &lt;!everyone> now.";
    for (let end = 1; end <= answer.length; end++) stream?.show(answer.slice(0, end));
    await eventually(() => expect(fake.posted).toMatchObject([{ text: expect.stringContaining("or") }]));
    await stream?.close();
    expect(await send(answer, standing[0] ?? "")).toMatchObject({ kind: "sent" });
    expect(fake.posted).toMatchObject([{ pings: [] }]);
  });

  test("keeps its code unchanged, and needs no edit for it", async () => {
    const answer =
      "Write `@Group` and this:\n\n```html\n<!DOCTYPE html>\n<!-- @here -->\n```\n\nNot <!channel> as it is.";
    const stream = open();
    for (let end = 1; end <= answer.length; end++) {
      stream?.show(answer.slice(0, end));
      if (answer[end] === "\n") await eventually(() => expect(fake.posted.at(-1)?.pings ?? []).toEqual([]));
    }
    await eventually(() => expect(fake.posted).toMatchObject([{ text: expect.stringContaining("as it") }]));
    await stream?.close();
    expect(await send(answer, standing[0] ?? "")).toMatchObject({ kind: "sent" });
    const raw = answer.replace("<!channel>", "&lt;!channel>");
    expect(fake.posted).toMatchObject([{ raw, pings: [], edited: false }]);
  });

  test("shows as much as fits its first part", async () => {
    const preview = await standingAs("word ".repeat(2_000));
    const [shown] = fake.posted;
    expect(shown?.text.length).toBeGreaterThan(3_000);
    expect(shown?.text.length).toBeLessThanOrEqual(3_900);
    expect(await send("word ".repeat(700).trim(), preview)).toMatchObject({ kind: "sent" });
    expect(fake.posted.map(({ text }) => text)).toEqual(["word ".repeat(700).trim()]);
  });

  test("is edited into the final text if Slack closed the stream or another process finishes it", async () => {
    const preview = await standingAs("One two three");
    fake.closeStreams();
    expect(await send("One two three four", preview)).toMatchObject({ kind: "sent" });
    expect(fake.posted).toMatchObject([{ text: "One two three four", edited: true }]);
    standing = [];
    const next = await standingAs("Five six seven");
    const other = slackChannel(fake);
    expect(await send("Five six seven eight", next, other)).toMatchObject({ kind: "sent" });
    await other.stop?.();
    expect(fake.posted.map(({ text }) => text)).toEqual(["One two three four", "Five six seven eight"]);
  });

  test("is edited into a different text, such as the text for a failure", async () => {
    const preview = await standingAs("One two three");
    expect(await send("Sorry.", preview)).toMatchObject({ kind: "sent" });
    expect(fake.posted).toMatchObject([{ text: "Sorry.", streaming: false }]);
  });

  test("is sent as a new message if its preview is gone", async () => {
    const preview = await standingAs("One two three");
    expect(await channel.removePreview?.(`${DM}:${THREAD}`, preview, soon())).toBe(true);
    expect(fake.posted).toEqual([]);
    expect(await send("One two three", preview)).toMatchObject({ kind: "sent" });
    expect(fake.posted).toMatchObject([{ text: "One two three", edited: false }]);
  });

  test.each([
    ["cut after it was stopped", { cut: "after" } as const],
    ["cut before it was stopped", { cut: "before" } as const],
    ["rate-limited", { rateLimited: 1 } as const],
  ])("appears once if the connection is %s", async (_, fault) => {
    const preview = await standingAs("One two three");
    fake.fail(fault, { method: "chat.stopStream" });
    expect(await send("One two three four", preview)).toMatchObject({ kind: "retry", scope: "conversation" });
    expect(await send("One two three four", preview)).toMatchObject({ kind: "sent" });
    expect(fake.posted.map(({ text }) => text)).toEqual(["One two three four"]);
  });

  test("neither loses nor repeats appended text when the answer to an append is lost", async () => {
    const stream = open();
    stream?.show("One two");
    await eventually(() => expect(standing).toHaveLength(1));
    fake.fail({ cut: "after" }, { method: "chat.appendStream" });
    stream?.show("One two three four");
    await eventually(() => expect(called("chat.appendStream")).toHaveLength(1));
    await stream?.close();
    expect(await send("One two three four five", standing[0] ?? "")).toMatchObject({ kind: "sent" });
    expect(fake.posted.map(({ text }) => text)).toEqual(["One two three four five"]);
  });

  test("is not streamed in any thread while a rate limit lasts", async () => {
    fake.fail({ rateLimited: 60 }, { method: "chat.startStream" });
    open()?.show("One two");
    await eventually(() => expect(open(CHANNEL)).toBeNull());
  });

  test("is not streamed again in kinds of conversations without streams", async () => {
    fake.fail({ error: "channel_type_not_supported" }, { method: "chat.startStream" });
    open()?.show("One two");
    await eventually(() => expect(open()).toBeNull());
    expect(open(CHANNEL)).not.toBeNull();
  });

  test("outside direct conversations is streamed with its person and workspace", async () => {
    await standingAs("One two", CHANNEL);
    expect(called("chat.startStream")).toMatchObject([
      { payload: { recipient_user_id: ADA, recipient_team_id: fake.us.teamId } },
    ]);
  });

  test("is streamed for a person of another workspace or organization with that person's workspace", async () => {
    const other = (event: Record<string, unknown>) =>
      callback(fake, { type: "app_mention", channel: CHANNEL, ts: nextTs(), text: "hi", ...event });
    const told = [
      { user: "U0BOB00001", user_team: "T0BOB", team: "T0BOB" },
      { user: "U0CID00001", team: "E0ORG", user_profile: { display_name: "Cid", team: "T0CID" } },
      { user: "U0DAN00001", team: "T0DAN" },
    ];
    for (const event of told) {
      // Slack is not asked, because the event contains the data.
      fake.people.delete(event.user);
      await channel.receive(eventRequest(fake, other(event)));
    }
    fake.people.set("W0EVE00001", { name: "eve", team_id: "T0EVE" });
    const recipients: Record<string, string> = {
      U0BOB00001: "T0BOB",
      U0CID00001: "T0CID",
      U0DAN00001: "T0DAN",
      W0EVE00001: "T0EVE",
    };
    for (const [user, team] of Object.entries(recipients)) {
      fake.people.set(user, { name: user, team_id: team });
      standing = [];
      const stream = open(CHANNEL, THREAD, user);
      stream?.show("One two");
      await eventually(() => expect(standing).toHaveLength(1));
      await stream?.close();
      expect(called("chat.startStream").at(-1)?.payload).toMatchObject({
        recipient_user_id: user,
        recipient_team_id: team,
      });
    }
  });

  test("is not streamed if its person or workspace is unknown, because Slack would refuse it", async () => {
    fake.fail({ error: "user_not_found" }, { method: "users.info" });
    fake.fail({ error: "internal_error" }, { method: "auth.test" });
    const stream = open(CHANNEL, THREAD, "U0NOBODY01");
    stream?.show("One two");
    await stream?.close();
    const nobodys = { address: `${CHANNEL}:${THREAD}`, executionId: "execution", userIdentifier: null };
    expect(channel.openStream?.({ ...nobodys, onStanding: () => undefined })).toBeNull();
    expect(called("chat.startStream")).toEqual([]);
  });

  test("at the top level is not streamed", () => {
    expect(
      channel.openStream?.({ address: ADA, executionId: "e", userIdentifier: ADA, onStanding() {} }),
    ).toBe(null);
  });
});

describe("the tools of an answer", () => {
  const cards = () => [...(fake.posted[0]?.cards?.values() ?? [])].map(({ status }) => status);

  test("are cards that end with the answer, and the buttons appear below", async () => {
    await start();
    const stream = open();
    stream?.step?.({ id: "1", name: "find", state: "running" });
    await eventually(() => expect(standing).toHaveLength(1));
    stream?.step?.({ id: "2", name: "ask", state: "running" });
    stream?.show("One two");
    await eventually(() => expect(fake.posted).toMatchObject([{ text: "One" }]));
    // The end of the tools comes too late to be shown before the end of the answer.
    for (const id of ["1", "2"]) stream?.step?.({ id, name: "tool", state: "done" });
    expect(await stream?.close()).toBe(true);
    const buttons = [{ label: "Yes", payload: "yes" }];
    const part = { ...partOf(`${DM}:${THREAD}`, "One two three"), buttons, preview: standing[0] ?? "" };
    expect(await channel.send(part, soon())).toMatchObject({ kind: "sent" });
    expect(fake.posted).toMatchObject([{ text: "One two three", streaming: false, edited: false }]);
    expect([cards(), labelsOf(fake.posted[0])]).toEqual([["complete", "complete"], ["Yes"]]);
  });

  test("leave nothing behind if another process finishes the answer, which it cannot edit", async () => {
    await start();
    const stream = open();
    stream?.step?.({ id: "1", name: "find", state: "running" });
    await eventually(() => expect(standing).toHaveLength(1));
    await stream?.close();
    const other = slackChannel(fake);
    expect(await send("One two", standing[0] ?? "", other)).toMatchObject({ kind: "sent" });
    await other.stop?.();
    expect(fake.posted).toMatchObject([{ text: "One two", cards: null }]);
  });

  test("are not shown if Slack refuses cards or cards are off, but the text is shown", async () => {
    await start();
    fake.fail({ error: "invalid_arguments" }, { method: "chat.startStream" });
    for (const thread of [THREAD, "1790000100.000200"]) {
      standing = [];
      const stream = open(DM, thread);
      stream?.step?.({ id: "1", name: "find", state: "running" });
      stream?.show("One two");
      await eventually(() => expect(standing).toHaveLength(1), { timeoutMs: 30_000 });
      await stream?.close();
    }
    expect(fake.posted).toMatchObject([
      { text: "One", cards: null },
      { text: "One", cards: null },
    ]);
    expect(called("chat.startStream")).toHaveLength(3);
    const plain = slackChannel(fake, { config: { toolCards: false } });
    const target = { address: `${DM}:${THREAD}`, executionId: "e", userIdentifier: ADA };
    expect(plain.openStream?.({ ...target, onStanding: () => undefined })?.step).toBeUndefined();
    await plain.stop?.();
  });
});

test("without Slack's streams a message is edited, if the configuration allows it", async () => {
  await start({ streaming: true });
  fake.fail({ error: "unknown_method" }, { method: "chat.startStream" });
  const first = open();
  first?.show("One two");
  await first?.close();
  expect([fake.posted, standing]).toEqual([[], []]);
  const stream = open();
  stream?.show("One two");
  await eventually(() => expect(fake.posted).toMatchObject([{ text: "One", streaming: false }]));
  stream?.show("One two three");
  await eventually(() => expect(fake.posted).toMatchObject([{ text: "One two" }]), { timeoutMs: 30_000 });
  expect(await stream?.close()).toBe(true);
  expect(await send("One two three", standing[0] ?? "")).toMatchObject({ kind: "sent" });
  expect(fake.posted.map(({ text }) => text)).toEqual(["One two three"]);
});

test("a stream does not close cleanly while an edit without an answer may still arrive", async () => {
  await start({ streaming: true });
  fake.fail({ error: "unknown_method" }, { method: "chat.startStream" });
  const refused = open();
  refused?.show("One two");
  await refused?.close();
  const stream = open();
  stream?.show("One two");
  await eventually(() => expect(standing).toHaveLength(1));
  fake.fail({ cut: "after" }, { method: "chat.update" });
  stream?.show("One two three");
  await eventually(() => expect(called("chat.update")).toHaveLength(1), { timeoutMs: 30_000 });
  expect(await stream?.close()).toBe(false);
});

test("no preview is shown if streaming is off", async () => {
  await start({ streaming: false });
  expect(open()).toBeNull();
});
