import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelEvent } from "../../src/core/message/channel-event.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { callback, directMessage, slackChannel } from "./slack-subject.ts";

let fake: FakeSlack;
let channel: Channel;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  fake = await startFakeSlack();
  tools = createSubjectTools();
  const config = { mode: "socket", appToken: fake.appToken, signingSecret: undefined };
  channel = slackChannel(fake, { config, log: tools.log });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

/** Starts the channel. Its events go through `accept`. */
async function start(accept: (events: ChannelEvent[]) => Promise<void> = async () => undefined) {
  const context = tools.startContext();
  const texts: string[] = [];
  await channel.start?.({
    ...context,
    async accept(events) {
      await accept(events);
      for (const event of events) if (event.type === "message") texts.push(event.text);
    },
  });
  return { context, texts };
}

const connected = () => eventually(() => expect(fake.sockets()).toBe(1));

describe("Slack by Socket Mode", () => {
  test("receives messages without a public address, and acknowledges them after they are stored", async () => {
    const { texts } = await start();
    await connected();
    await fake.push(directMessage(fake, { text: "hello" }));
    expect(texts).toEqual(["hello"]);
    expect(await channel.send(partOf("D0ADA00001", "hi"), AbortSignal.timeout(5000))).toMatchObject({
      kind: "sent",
    });
  });

  test("acknowledges events that it does not know", async () => {
    const { texts } = await start();
    await connected();
    await fake.push(callback(fake, { type: "something_new" }));
    expect(texts).toEqual([]);
  });

  test("does not acknowledge an event that could not be stored", async () => {
    let away = true;
    const { texts } = await start(async () => {
      if (away) throw new Error("the database is away");
    });
    await connected();
    const body = directMessage(fake, { text: "hello" });
    const lost = fake.push(body);
    await eventually(() => expect(tools.show(tools.logged())).toContain("was not acknowledged"));
    away = false;
    await fake.push(body);
    expect(texts).toEqual(["hello"]);
    await channel.stop?.();
    await expect(lost).rejects.toThrow("the socket closed");
  });

  test("stores the messages of a conversation in the order of their arrival", async () => {
    let open = () => {};
    let gate: Promise<void> | null = new Promise((resolve) => {
      open = resolve;
    });
    const { texts } = await start(async () => {
      const first = gate;
      gate = null;
      await first;
    });
    await connected();
    const pushed = ["one", "two", "three"].map((text) => fake.push(directMessage(fake, { text })));
    // The first message is held up. A message of another conversation, sent after all of them, is not.
    await fake.push(directMessage(fake, { channel: "D0BOB00001", text: "another" }));
    open();
    await Promise.all(pushed);
    expect(texts).toEqual(["another", "one", "two", "three"]);
  });

  test("connects again when Slack recycles the connection", async () => {
    const { texts, context } = await start();
    await connected();
    const opened = () => fake.calls.filter(({ method }) => method === "apps.connections.open").length;
    fake.recycle();
    await eventually(() => expect(opened()).toBe(2));
    await connected();
    await fake.push(directMessage(fake, { text: "still there?" }));
    expect(texts).toEqual(["still there?"]);
    expect(context.errors.filter((error) => error !== null)).toEqual([]);
  });

  test("reports the problem while it cannot connect, and keeps trying", async () => {
    fake.fail({ error: "invalid_auth" }, { method: "apps.connections.open" });
    const { context } = await start();
    await eventually(() => expect(context.errors.at(-1)).toContain("appToken"));
    await connected();
    await eventually(() => expect(context.errors.at(-1)).toBeNull());
    expect(tools.show([tools.logged(), context.errors])).not.toContain(fake.appToken);
  });

  test("accepts no webhooks, and closes all connections when it stops", async () => {
    await start();
    await connected();
    const request = { method: "POST", url: "/webhooks/slack", headers: {}, body: Buffer.from("{}") };
    expect(await channel.receive(request)).toMatchObject({ kind: "rejected", status: 404 });
    await channel.stop?.();
    await eventually(() => expect(fake.openConnections()).toBe(0));
  });
});
