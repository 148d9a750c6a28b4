import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { newId } from "../../src/core/ids.ts";
import { toButtons } from "../../src/core/message/button.ts";
import type { ChannelEvent, MessageRating } from "../../src/core/message/channel-event.ts";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { prepareReply } from "../../src/core/message/reply-parts.ts";
import { eventually } from "../support/eventually.ts";
import { GUARANTEES, type Guarantee } from "./conformance-guarantees.ts";
import {
  type ConformanceSubject,
  createSubjectTools,
  type Posted,
  partOf,
  type SubjectTools,
  sendAll,
  type VendorFault,
  withoutSpace,
} from "./conformance-subject.ts";

export interface ConformanceOptions {
  kind: string;
  /** A channel against its own strict platform, new for each test. */
  setup(tools: SubjectTools): Promise<ConformanceSubject>;
  /** An example to copy, which the table in the documentation does not show. */
  isExample?: boolean;
  /** Guarantees that a kind cannot give, each with the reason. */
  except?: { test: Guarantee; reason: string }[];
}

/** For channels whose platforms cannot show an answer before it is sent. */
export const noStreams = (["stream_finished", "stream_removed", "stream_refused"] as const).map((test) => ({
  test,
  reason: "the platform shows nothing before it is sent",
}));

/** For channels whose platforms show no buttons. */
export const noButtons = (["press", "forged_press"] as const).map((test) => ({
  test,
  reason: "the platform shows no buttons: users type their choice",
}));

/** For channels whose users come in by a call with a key or token of ours. */
export const noWebhook = (reason: string) =>
  (
    [
      "forged",
      "content_type",
      "malformed",
      "same_event",
      "own_messages",
      "unknown_events",
      "round_trip",
      "press",
      "forged_press",
      "reactions",
      "threads",
      "capabilities",
      "answers",
    ] as const
  ).map((test) => ({ test, reason }));

/** The suite that every channel must pass. */
export function describeChannelConformance({
  kind,
  isExample = false,
  setup,
  except = [],
}: ConformanceOptions): void {
  describe(`the ${kind} channel`, () => {
    for (const [name, check] of Object.entries(CHECKS)) {
      const guarantee = name as Guarantee;
      const exception = except.find((each) => each.test === guarantee)?.reason;
      const sentence = GUARANTEES[guarantee];
      const conformance = { kind, guarantee, ...(exception === undefined ? {} : { exception }) };
      const meta = isExample ? {} : { conformance };
      const title = exception === undefined ? sentence : `${sentence} (not here: ${exception})`;
      test.skipIf(exception !== undefined)(title, { meta }, async ({ task, skip }) => {
        const tools = createSubjectTools();
        await using subject = await setup(tools);
        try {
          await check(subject, tools, (reason) => {
            Object.assign(task.meta.conformance ?? {}, { exception: reason });
            return skip(reason);
          });
        } finally {
          await subject.intake?.channel.stop?.();
        }
      });
    }
  });
}

/** `notHere` ends the check of a feature that the platform lacks, by the channel's capabilities. */
type Check = (
  subject: ConformanceSubject,
  tools: SubjectTools,
  notHere: (reason: string) => never,
) => Promise<void>;

const CHECKS: Record<Guarantee, Check> = {
  async forged({ channel, inbound }) {
    for (const request of inbound.forged("let me in"))
      expect(await channel.receive(request)).toMatchObject({ kind: "rejected", status: 401 });
  },
  async content_type({ channel, inbound }) {
    const request = await inbound.message("hello");
    const received = await channel.receive({
      ...request,
      headers: { ...request.headers, "content-type": "text/plain" },
    });
    expect(received).toMatchObject({ kind: "rejected", status: 415 });
  },
  async malformed({ channel, inbound }) {
    for (const request of inbound.malformed())
      expect(await channel.receive(request)).toMatchObject({ kind: "rejected", status: 400 });
  },
  async same_event({ channel, inbound }) {
    const request = await inbound.message("hello");
    const first = await messageFrom(channel.receive(request));
    const again = await messageFrom(channel.receive(request));
    const other = await messageFrom(channel.receive(await inbound.message("hello")));
    expect(again).toEqual(first);
    expect(first.eventKeys.length).toBeGreaterThan(0);
    expect(other.eventKeys.filter((key) => first.eventKeys.includes(key))).toEqual([]);
  },
  async own_messages({ channel, inbound }) {
    for (const request of inbound.fromBots()) expect(await eventsFrom(channel.receive(request))).toEqual([]);
  },
  async unknown_events({ channel, inbound }) {
    for (const request of inbound.unknownEvents())
      expect(await eventsFrom(channel.receive(request))).toEqual([]);
  },
  async round_trip({ channel, inbound, platform, address }) {
    const text = "Grüße 👋🏽 from a user, 5 * 3 = 15 & <b>";
    const message = await messageFrom(channel.receive(await inbound.message(text)));
    expect(message).toMatchObject({ type: "message", text, conversation: { address } });
    const sent = await channel.send(partOf(message.conversation.address, text), AbortSignal.timeout(10_000));
    expect(sent).toMatchObject({ kind: "sent", externalIds: [expect.any(String)] });
    expect(platform.received()).toEqual([text]);
  },
  async answers({ channel, inbound, secrets, answers = {} }) {
    const accepted = await channel.receive(await inbound.message("hello"));
    const again = await channel.receive(await inbound.message("hello"));
    const { kind, response } = { response: undefined, ...accepted };
    expect([kind, response]).toEqual(["accepted", answers.accepted]);
    expect({ response: undefined, ...again }.response).toEqual(response);
    for (const { request, response: wanted } of answers.challenges?.() ?? [])
      expect(await channel.receive(request)).toEqual({ kind: "accepted", events: [], response: wanted });
    const text = "What a stranger wrote";
    for (const request of [...inbound.forged(text), ...inbound.malformed()]) {
      const refused = await channel.receive(request);
      if (refused.kind !== "rejected") throw new Error("not refused");
      expect(Object.keys(refused).sort()).toEqual(["code", "kind", "message", "status"]);
      expect(refused.code).toMatch(/^[a-z][a-z_]+$/);
      expect(refused.message).toMatch(/\w+ \w+/);
      for (const kept of [...secrets, text]) expect(refused.message).not.toContain(kept);
    }
  },
  async stored_first({ intake }, tools, notHere) {
    if (intake === undefined) return notHere(NO_CONNECTION);
    const stored: string[] = [];
    const unconfirmedAt: number[] = [];
    let isAway = true;
    const context = tools.startContext(async (events) => {
      unconfirmedAt.push(await intake.unconfirmed());
      if (isAway) throw new Error("the database is away");
      stored.push(...textsOf(events));
    });
    await intake.channel.start?.(context);
    intake.say("hello");
    await eventually(() => expect(unconfirmedAt).not.toEqual([]));
    expect([stored, await intake.unconfirmed()]).toEqual([[], 1]);
    isAway = false;
    await eventually(async () => expect([stored.at(-1), await intake.unconfirmed()]).toEqual(["hello", 0]));
    expect(unconfirmedAt).not.toContain(0);
    await intake.channel.stop?.();
  },
  async resumed({ intake }, tools, notHere) {
    if (intake === undefined) return notHere(NO_CONNECTION);
    const stored = new Map<string, string>();
    const context = tools.startContext(async (events) => {
      for (const event of events)
        if (event.type === "message") stored.set(event.eventKeys.join(), event.text);
    });
    await intake.channel.start?.(context);
    const texts: string[] = [];
    for (const round of [1, 2]) {
      const [before, after] = [`before cut ${round}`, `after cut ${round}`];
      texts.push(before, after);
      intake.say(before);
      await eventually(() => expect([...stored.values()]).toContain(before));
      intake.cut();
      intake.say(after);
      await eventually(async () =>
        expect([[...stored.values()], await intake.unconfirmed()]).toEqual([texts, 0]),
      );
    }
    expect(context.errors.at(-1) ?? null).toBeNull();
    await intake.channel.stop?.();
  },
  async values({ channel, address, secrets }, tools, notHere) {
    await channel.start?.(tools.startContext());
    await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    await channel.stop?.();
    const kept = [...tools.values.kept];
    if (kept.length === 0) return notHere("it keeps nothing in the database");
    const shown = kept.map(
      ([key, value]) => `${key} ${value.toString("latin1")} ${value.toString("base64")}`,
    );
    for (const secret of secrets) expect(shown.join("\n")).not.toContain(secret);
  },
  async long_text(subject) {
    const { capabilities, split } = subject.definition;
    const sentence = "The quick brown fox jumps over the lazy dog, 🦊 again. ";
    const text = sentence.repeat(Math.ceil((capabilities.textLimit * 3) / sentence.length)).trim();
    const parts = split(text);
    expect(parts.length).toBeGreaterThan(3);
    await sendAll(subject, parts);
    const received = subject.platform.received();
    expect(withoutSpace(received.join(" "))).toBe(withoutSpace(text));
    expect(Math.max(...received.map((part) => part.length))).toBeLessThanOrEqual(capabilities.textLimit);
  },
  async split({ definition: { capabilities, split } }) {
    const word = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom("\n\n", "\n", ". ", " "),
    );
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
    const long = text.map((seed) => seed.repeat(Math.ceil((capabilities.textLimit * 2) / (seed.length + 1))));
    fc.assert(
      fc.property(fc.oneof(text, long), (written) => {
        const parts = split(written);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(capabilities.textLimit);
        for (const part of parts) expect(part.trim()).not.toBe("");
        expect(withoutSpace(parts.join(""))).toBe(withoutSpace(written));
      }),
      { numRuns: 40 },
    );
  },
  // For a limit that may belong to one conversation, the platform gives only the time to wait.
  rate_limited: afterFault("rate_limited", {
    kind: "retry",
    scope: expect.stringMatching(/^(conversation|connection)$/),
    afterMs: someSeconds(),
  }),
  async conversation_limited({ channel, address, limitConversation }, _tools, notHere) {
    if (limitConversation === undefined) return notHere("all rate limits apply to the whole connection");
    limitConversation();
    const result = await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    expect(result).toMatchObject({ kind: "retry", scope: "conversation", afterMs: someSeconds() });
  },
  recipient_gone: afterFault("recipient_gone", {
    kind: "failed",
    scope: expect.stringMatching(/^(conversation|user)$/),
  }),
  credentials_revoked: afterFault("credentials_revoked", { kind: "failed", scope: "connection" }),
  server_error: afterFault("server_error", { kind: "retry" }),
  unreachable: afterFault("unreachable", { kind: "retry" }),
  answer_lost: afterFault("answer_lost", { kind: "unknown" }),
  async aborted({ channel, address }) {
    const result = await channel.send(partOf(address, "too late"), AbortSignal.abort());
    expect(["retry", "unknown"]).toContain(result.kind);
  },
  async secrets(subject, tools) {
    const { channel, inbound, platform, secrets, address } = subject;
    const seen: unknown[] = [];
    for (const request of [...inbound.forged("x"), ...inbound.malformed()])
      seen.push(await channel.receive(request));
    // The fault after which nothing answers any more comes last.
    const faults = ["rate_limited", "recipient_gone", "server_error", "answer_lost"] as const;
    for (const fault of [...faults, "credentials_revoked", "unreachable"] as const) {
      await platform.fail(fault);
      seen.push(await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000)));
      await channel.typing?.(address, AbortSignal.timeout(10_000));
    }
    const context = tools.startContext();
    await channel.start?.(context);
    await channel.stop?.();
    seen.push(context.errors, tools.logged());
    const everything = tools.show(seen);
    expect(everything).not.toBe("");
    for (const secret of secrets) expect(everything).not.toContain(secret);
  },
  async start({ channel, platform }, tools) {
    await platform.fail("unreachable");
    const context = tools.startContext();
    await channel.start?.(context);
    await eventually(async () => expect(context.errors.at(-1)).toEqual(expect.any(String)));
    await channel.stop?.();
  },
  async stop({ channel, platform, address }, tools) {
    const context = tools.startContext();
    await channel.start?.(context);
    await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    expect(platform.openConnections()).toBeGreaterThan(0);
    await channel.stop?.();
    await eventually(async () => expect(platform.openConnections()).toBe(0));
    expect(context.errors.filter((error) => error !== null)).toEqual([]);
    // Unused connections end after a while. A closed pool sends nothing either.
    const before = platform.received();
    const late = await channel.send(partOf(address, "too late"), AbortSignal.timeout(10_000));
    expect(["retry", "unknown"]).toContain(late.kind);
    expect([platform.received(), platform.openConnections()]).toEqual([before, 0]);
  },
  async stream_finished(subject) {
    const { channel, streams } = subject;
    const preview = await showAnswer(subject, "This is the beginning");
    const answer = "This is the beginning of an answer, and its end.";
    const part = { ...partOf(streams?.address ?? "", answer), preview };
    // The second send simulates a crash between the platform's answer and its record.
    for (let time = 0; time < 2; time++) {
      expect(await channel.send(part, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
      expect(streams?.received()).toEqual([answer]);
    }
  },
  async stream_removed(subject) {
    const { channel, streams } = subject;
    const preview = await showAnswer(subject, "This is the beginning");
    expect(streams?.received()).not.toEqual([]);
    // Removed again, as if the outcome of the first removal were unknown.
    for (let time = 0; time < 2; time++) {
      const signal = AbortSignal.timeout(10_000);
      expect(await channel.removePreview?.(streams?.address ?? "", preview, signal)).toBe(true);
      expect(streams?.received()).toEqual([]);
    }
  },
  async stream_refused({ channel, streams }) {
    const { address = "", received, refuse } = streams ?? {};
    const standing: string[] = [];
    refuse?.();
    const onStanding = (preview: string) => void standing.push(preview);
    const stream = channel.openStream?.({
      address,
      executionId: "execution",
      userIdentifier: "U1",
      onStanding,
    });
    stream?.show("This is the beginning");
    expect(await stream?.close()).toBe(true);
    expect(standing).toEqual([]);
    const sent = await channel.send(partOf(address, "An answer."), AbortSignal.timeout(10_000));
    expect([sent.kind, received?.()]).toEqual(["sent", ["An answer."]]);
  },
  async buttons(subject) {
    const { buttons: support } = subject.definition.capabilities;
    const { content, buttons } = await offer(subject);
    const numbered = support === null ? "1. Yes\n2. No" : "";
    expect(withoutSpace(subject.platform.received().join(""))).toBe(withoutSpace(`${content}${numbered}`));
    expect(subject.buttons?.shown() ?? []).toEqual(support === null ? [] : buttons.map(({ label }) => label));
    expect(subject.buttons !== undefined).toBe(support !== null);
  },
  async most_buttons(subject, _tools, notHere) {
    const { channel, definition, address } = subject;
    const support = definition.capabilities.buttons;
    if (support === null) return notHere("the platform shows no buttons: users type their choice");
    const labels = Array.from({ length: support.max }, (_, nth) =>
      `${nth + 1} `.padEnd(support.labelLimit, "x"),
    );
    const content = "Which one?";
    const reply = { content, buttons: toButtons(labels.map((label) => ({ label }))) };
    const { parts } = prepareReply(reply, { split: definition.split, buttons: support });
    for (const part of parts) {
      const sent = {
        ...partOf(address, part.content),
        messageId: newId(),
        ...(part.buttons && { buttons: part.buttons }),
      };
      expect(await channel.send(sent, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
    }
    expect(subject.buttons?.shown()).toEqual(labels);
  },
  async mentions(subject, _tools, notHere) {
    if (subject.notified === undefined)
      return notHere("the text of a message notifies nobody on this platform");
    await sendAll(subject, [
      "@everyone @here @channel",
      "<!channel> <!here> <!everyone>",
      "<@U0ADA00001> @ada",
    ]);
    expect(subject.notified()).toEqual([]);
  },
  async press(subject, tools) {
    const { channel, address } = subject;
    const { messageId, buttons } = await offer(subject);
    tools.offer(messageId, { address, buttons });
    const request = (await subject.buttons?.press(0)) as RawRequest;
    const pressed = await messageFrom(channel.receive(request));
    expect(pressed).toMatchObject({ text: "Yes", payload: LONG_PAYLOAD, conversation: { address } });
    expect(await messageFrom(channel.receive(request))).toEqual(pressed);
    const written = await messageFrom(channel.receive(await subject.inbound.message("Yes")));
    expect(pressed.conversation).toEqual(written.conversation);
    expect(pressed.eventKeys.filter((key) => written.eventKeys.includes(key))).toEqual([]);
  },
  async forged_press(subject, tools) {
    const { messageId, buttons } = await offer(subject);
    tools.offer(messageId, { address: subject.address, buttons });
    const presses = subject.buttons?.forged(messageId) ?? [];
    expect(presses).not.toEqual([]);
    // If a press also counts as a text, it must be only that text.
    for (const press of presses)
      for (const event of await eventsFrom(subject.channel.receive(press)))
        expect(event).not.toHaveProperty("payload");
  },
  async receipts({ channel, definition, address, receipts }, _tools, notHere) {
    if (!definition.capabilities.receipts) return notHere("the platform reports nothing about sent messages");
    const sent = await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    const [externalId = ""] = sent.kind === "sent" ? sent.externalIds : [];
    for (const state of ["delivered", "sent", "read", "failed"] as const) {
      const request = await receipts?.of(externalId, state);
      const why = { errorCode: expect.any(String), errorMessage: expect.any(String) };
      const expected = { type: "receipt", externalId, state, ...(state === "failed" ? why : {}) };
      expect(await eventsFrom(channel.receive(request as RawRequest))).toEqual([
        expect.objectContaining(expected),
      ]);
    }
  },
  async reactions({ channel, definition, address, reactions }, _tools, notHere) {
    if (!definition.capabilities.reactions) return notHere("reactions are no ratings on this platform");
    const sent = await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    const [externalId = ""] = sent.kind === "sent" ? sent.externalIds : [];
    const read = async (request: Posted | undefined) =>
      eventsFrom(channel.receive((await request) as RawRequest));
    for (const rating of ["up", "down"] as const) {
      const rater = { identifier: expect.any(String), name: expect.any(String) };
      const event = { type: "rating", externalId, rating, at: expect.any(Date) };
      const [given] = await read(reactions?.to(externalId, rating));
      expect(given).toMatchObject({ ...event, rater });
      // A rating that must wait for a send looks for it in this conversation.
      expect(address.startsWith((given as MessageRating).place)).toBe(true);
      const back = { type: "rating", externalId, rating: null };
      expect(await read(reactions?.removed(externalId, rating))).toMatchObject([back]);
    }
    for (const event of await read(reactions?.to(externalId, "other")))
      expect(event).toMatchObject({ type: "rating", rating: null });
  },
  async stop_button({ channel, address, stopButton }, _tools, notHere) {
    if (stopButton === undefined) return notHere("the platform has no Stop button of its own");
    expect(await eventsFrom(channel.receive(await stopButton()))).toEqual([{ type: "stop", address }]);
  },
  async window({ channel, definition, address, platform, closeWindow }, _tools, notHere) {
    if (definition.capabilities.parks !== true) return notHere("a message may be sent at any time");
    closeWindow?.();
    const result = await channel.send(partOf(address, "Are you there?"), AbortSignal.timeout(10_000));
    expect(result).toEqual({ kind: "parked", code: "window_closed", reason: expect.any(String) });
    expect(platform.received()).toEqual([]);
    expect(await channel.canReach?.(address)).toMatchObject({ kind: "limited", code: "window_closed" });
  },
  async lost_send({ channel, platform, address }, _tools, notHere) {
    const { findSent } = channel;
    if (findSent === undefined) return notHere("sent messages cannot be looked up on this platform");
    const since = new Date();
    const found = (text: string) => findSent(partOf(address, text), since, AbortSignal.timeout(10_000));
    await platform.fail("answer_lost");
    const text = "**This** may have arrived.";
    const result = await channel.send(partOf(address, text), AbortSignal.timeout(10_000));
    expect(result).toMatchObject({ kind: "unknown" });
    expect(await found(text)).toEqual([expect.any(String)]);
    expect(await found("This was never sent.")).toEqual([]);
    await platform.fail("unreachable");
    await expect(found(text)).rejects.toThrow();
  },
  async threads({ channel, definition, inThread, platform }, _tools, notHere) {
    if (definition.capabilities.sessions === "single") return notHere("a user has only one conversation");
    const read = async (text: string, thread: string) =>
      messageFrom(channel.receive((await inThread?.(text, thread)) as RawRequest));
    const [one, again, other] = [await read("a", "1"), await read("b", "1"), await read("a", "2")];
    expect(again.conversation).toEqual(one.conversation);
    expect(other.conversation.externalKey).not.toBe(one.conversation.externalKey);
    expect(other.conversation.address).not.toBe(one.conversation.address);
    await channel.send(partOf(other.conversation.address, "elsewhere"), AbortSignal.timeout(10_000));
    expect(platform.received()).toEqual([]);
  },
  async capabilities({ channel, definition: { capabilities }, inbound }) {
    expect(capabilities.textLimit).toBeGreaterThan(0);
    expect(capabilities.typingRefreshMs !== null).toBe(channel.typing !== undefined);
    const { conversation } = await messageFrom(channel.receive(await inbound.message("hello")));
    expect(conversation.externalKey === null).toBe(capabilities.sessions === "single");
  },
};

/** Longer than the payload limit of any platform's buttons. */
const LONG_PAYLOAD = `confirm:${"7".repeat(3000)}`;
const ANSWERS = toButtons([{ label: "Yes", payload: LONG_PAYLOAD }, { label: "No" }]);
const PAGE = toButtons([{ label: "Terms", url: "https://example.org/terms" }]);

/** Sends a message with buttons as the service does. */
async function offer({ channel, definition, address }: ConformanceSubject) {
  const messageId = newId();
  const content = "Shall I book it?";
  const { split, capabilities } = definition;
  // Some platforms show a page only where it stands alone.
  const buttons = capabilities.buttons?.urls === true ? [...ANSWERS, ...PAGE] : ANSWERS;
  const { parts } = prepareReply({ content, buttons }, { split, buttons: capabilities.buttons });
  for (const part of parts) {
    const shown = part.buttons === null ? {} : { buttons: part.buttons };
    const sent = { ...partOf(address, part.content), messageId, ...shown };
    expect(await channel.send(sent, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
  }
  return { messageId, content, buttons };
}

/**
 * A pause in milliseconds. The platforms of the suite ask for a few seconds. Seconds read as milliseconds are too small.
 */
function someSeconds(): unknown {
  return expect.toSatisfy((ms: unknown) => typeof ms === "number" && ms >= 1_000 && ms <= 120_000);
}

/** Checks the result of a send when the platform fails. */
function afterFault(fault: VendorFault, expected: object): Check {
  return async ({ channel, platform, address }) => {
    await platform.fail(fault);
    const result = await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    expect(result).toMatchObject({ ...expected, code: expect.any(String), reason: expect.any(String) });
  };
}

/** Shows an answer and ends the stream. Returns the preview that remains. */
async function showAnswer({ channel, streams }: ConformanceSubject, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = channel.openStream?.({
      address: streams?.address ?? "",
      executionId: "execution",
      userIdentifier: "U1",
      onStanding: (preview) => void stream?.close().then(() => resolve(preview), reject),
    });
    if (!stream) return reject(new Error("no stream is opened"));
    stream.show(text);
  });
}

const NO_CONNECTION = "messages come only by webhook or over /api and /web";

const textsOf = (events: readonly ChannelEvent[]) =>
  events.flatMap((event) => (event.type === "message" ? [event.text] : []));

async function eventsFrom(
  receiving: ReturnType<ConformanceSubject["channel"]["receive"]>,
): Promise<ChannelEvent[]> {
  const received = await receiving;
  if (received.kind !== "accepted") throw new Error(`not accepted: ${JSON.stringify(received)}`);
  return received.events;
}

async function messageFrom(
  receiving: ReturnType<ConformanceSubject["channel"]["receive"]>,
): Promise<InboundMessage> {
  const [event, ...others] = await eventsFrom(receiving);
  if (event?.type !== "message" || others.length > 0) throw new Error("not exactly one message");
  return event;
}
