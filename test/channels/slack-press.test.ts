import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { OfferedButtons } from "../../src/channels/channel-options.ts";
import { newId } from "../../src/core/ids.ts";
import { toButtons } from "../../src/core/message/button.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, type PostedMessage, startFakeSlack } from "../support/fake-slack.ts";
import { partOf } from "./conformance-subject.ts";
import { ADA, actionIds, blockActions, DM, formRequest, labelsOf, slackChannel } from "./slack-subject.ts";

const THREAD = "1790000100.000100";
const GENERAL = "C0GENERAL1";
const BOB = "U0BOB00001";
const BUTTONS = toButtons([
  { label: "Yes", payload: "confirm:7" },
  { label: "No" },
  { label: "Terms", url: "https://example.org/terms" },
]);

let fake: FakeSlack;
let channel: Channel;
let offered: Map<string, OfferedButtons>;

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  fake.people.set(BOB, { name: "bob", profile: { display_name: "Bob" } });
  offered = new Map();
  channel = slackChannel(fake, {
    findButtons: async (id) => offered.get(id) ?? null,
    findConversation: async (id) =>
      id === `${GENERAL}:${THREAD}` ? { externalKey: id, userIdentifier: ADA, agent: "sales" } : null,
  });
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

/** Sends a message with buttons. Returns the message that arrived. */
async function offer(address: string, text = "Shall I **book** it?"): Promise<PostedMessage> {
  const messageId = newId();
  offered.set(messageId, { address, buttons: BUTTONS });
  const part = { ...partOf(address, text), messageId, buttons: BUTTONS };
  expect(await channel.send(part, AbortSignal.timeout(5000))).toMatchObject({ kind: "sent" });
  return fake.posted.at(-1) as PostedMessage;
}

async function press(message: PostedMessage, nth: number, user = ADA) {
  const body = blockActions(fake, message, actionIds(message)[nth] ?? "", { user: { id: user } });
  const received = await channel.receive(formRequest(fake, { payload: JSON.stringify(body) }));
  return received.kind === "accepted" ? received.events : expect.fail(JSON.stringify(received));
}

describe("a message with buttons", () => {
  test("is Markdown with buttons below it, and its notification text notifies nobody", async () => {
    const message = await offer(`${DM}:${THREAD}`, "Shall I **book** it, <!channel>?");
    expect(message.blocks[0]).toMatchObject({ type: "markdown" });
    expect(message.text).toBe("Shall I **book** it, <!channel>?");
    expect(message.pings).toEqual([]);
    expect(labelsOf(message)).toEqual(["Yes", "No", "Terms"]);
    expect(fake.calls.at(-1)?.payload["text"]).toContain("*book*");
  });

  test("becomes a numbered list if Slack refuses the blocks", async () => {
    fake.fail({ error: "invalid_blocks" });
    const message = await offer(`${DM}:${THREAD}`);
    expect(message).toMatchObject({ blocks: [], format: "text" });
    expect(message.text).toBe("Shall I *book* it?\n\n1. Yes\n2. No\nTerms: https://example.org/terms");
  });
});

describe("a press", () => {
  test("replaces the buttons by the choice, and keeps the links", async () => {
    const message = await offer(`${DM}:${THREAD}`);
    await press(message, 0);
    await eventually(() =>
      expect(fake.posted[0]?.blocks).toMatchObject([
        { type: "markdown", text: "Shall I **book** it?" },
        { type: "context", elements: [{ type: "plain_text", text: "✓ Yes (Ada)" }] },
        { type: "actions", elements: [{ url: "https://example.org/terms" }] },
      ]),
    );
  });

  test("by another person in the thread names that person, and goes to the thread's agent", async () => {
    const message = await offer(`${GENERAL}:${THREAD}`);
    expect(await press(message, 1, BOB)).toMatchObject([
      {
        text: "No",
        author: { identifier: BOB, name: "Bob" },
        sentAt: expect.any(Date),
        payload: "No",
        userName: "Bob",
        agent: "sales",
        conversation: { address: `${GENERAL}:${THREAD}`, userIdentifier: BOB },
      },
    ]);
    expect(await press(message, 1, ADA)).toMatchObject([{ text: "No", agent: "sales" }]);
  });

  test("counts once per person and button, however often the person clicks", async () => {
    const message = await offer(`${GENERAL}:${THREAD}`);
    const presses = [await press(message, 0), await press(message, 0), await press(message, 1)];
    const keys = [...presses, await press(message, 0, BOB)].map(([event]) =>
      event?.type === "message" ? event.eventKeys.join() : "",
    );
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });

  test("below a message outside of threads continues in the thread below that message", async () => {
    const message = await offer(ADA);
    // Slack shows a message to a person in the direct conversation with that person.
    const shown = { ...message, channel: DM };
    expect(await press(shown, 0)).toMatchObject([
      { text: "Yes", conversation: { address: `${DM}:${message.ts}`, externalKey: `${DM}:${message.ts}` } },
    ]);
    expect(await press(shown, 0, BOB)).toEqual([]);
  });

  test("below a message whose conversation moved to another thread still counts in its session", async () => {
    const message = await offer(`${DM}:${THREAD}`);
    const moved = slackChannel(fake, {
      findButtons: async () => ({
        address: `${DM}:1790000200.000200`,
        sentTo: `${DM}:${THREAD}`,
        buttons: BUTTONS,
      }),
      findConversation: async (id, key) =>
        key === `message:${DM}:${THREAD}` && id === `${DM}:${THREAD}`
          ? { externalKey: `${DM}:1790000100.000001`, userIdentifier: ADA, agent: "sales" }
          : null,
    });
    const body = blockActions(fake, message, actionIds(message)[0] ?? "");
    const received = await moved.receive(formRequest(fake, { payload: JSON.stringify(body) }));
    expect(received).toMatchObject({
      events: [
        {
          text: "Yes",
          agent: "sales",
          conversation: { address: `${DM}:${THREAD}`, externalKey: `${DM}:1790000100.000001` },
        },
      ],
    });
    expect(received).not.toHaveProperty("events.0.author");
    await moved.stop?.();
  });

  test("is refused visibly while the offered buttons cannot be looked up", async () => {
    const away = slackChannel(fake, {
      findButtons: () =>
        Promise.reject(Object.assign(new Error("the database is away"), { code: "ECONNREFUSED" })),
    });
    const body = blockActions(fake, await offer(`${DM}:${THREAD}`), `b:${newId()}:0`);
    const request = formRequest(fake, { payload: JSON.stringify(body) });
    expect(await away.receive(request)).toMatchObject({ kind: "later", retryAfterMs: 5_000 });
    await away.stop?.();
  });
});

test("commands get an answer that only their writer sees; other forms get an empty one", async () => {
  const command = await channel.receive(formRequest(fake, { command: "/reset", text: "", user_id: ADA }));
  expect(command).toMatchObject({ kind: "accepted", events: [] });
  expect(JSON.parse(command.kind === "accepted" ? (command.response?.body ?? "") : "")).toMatchObject({
    response_type: "ephemeral",
  });
  for (const fields of [
    { ssl_check: "1", token: "legacy" },
    {
      payload: JSON.stringify({ type: "view_submission", user: { id: ADA }, team: { id: "T1" }, view: {} }),
    },
    {},
  ])
    expect(await channel.receive(formRequest(fake, fields))).toEqual({ kind: "accepted", events: [] });
});

test("presses and commands also arrive over a socket", async () => {
  const socket = slackChannel(fake, {
    config: { mode: "socket", appToken: fake.appToken, signingSecret: undefined },
    findButtons: async (id) => offered.get(id) ?? null,
  });
  const texts: (string | undefined)[] = [];
  await socket.start?.({
    reportError: () => undefined,
    async accept(events) {
      for (const event of events) if (event.type === "message") texts.push(event.payload);
    },
    whileLeader: (_name, task) => void task(new AbortController().signal).catch(() => undefined),
  });
  await eventually(() => expect(fake.sockets()).toBe(1));
  const message = await offer(`${DM}:${THREAD}`);
  await fake.push(blockActions(fake, message, actionIds(message)[0] ?? ""), "interactive");
  expect(texts).toEqual(["confirm:7"]);
  await fake.push({ command: "/reset" }, "slash_commands");
  expect(fake.lastAnswer).toMatchObject({ response_type: "ephemeral" });
  await socket.stop?.();
});

test("a press by somebody of another organization belongs to the workspace that sent the message", async () => {
  const oauth = { ...fake.oauth, secret: "0".repeat(32) };
  const messageId = newId();
  const address = `T0ONE/${GENERAL}:${THREAD}`;
  offered.set(messageId, { address, buttons: BUTTONS });
  const shared = slackChannel(fake, {
    config: { botToken: undefined, oauth },
    findButtons: async (id) => offered.get(id) ?? null,
  });
  const pressIn = async (place: string, changes: Record<string, unknown>) => {
    const message = { channel: place, threadTs: THREAD, ts: THREAD, text: "Shall I?", blocks: [] };
    const user = { id: "U0EVE00001", team_id: "T0EVE" };
    const body = blockActions(fake, message, `b:${messageId}:0`, { user, ...changes });
    const received = await shared.receive(formRequest(fake, { payload: JSON.stringify(body) }));
    return received.kind === "accepted" ? received.events : received;
  };
  const team = { id: "T0EVE", domain: "other" };
  expect(await pressIn(GENERAL, { team })).toMatchObject([
    { payload: "confirm:7", conversation: { address, userIdentifier: "T0ONE/U0EVE00001" } },
  ]);
  expect(await pressIn("C0ELSEWHERE", { team })).toEqual([]);
  await shared.stop?.();
});
