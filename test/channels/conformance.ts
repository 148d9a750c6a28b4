import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RawRequest } from "../../src/channels/channel.ts";
import { toButtons } from "../../src/core/button.ts";
import type { ChannelEvent, InboundMessage } from "../../src/core/channel-event.ts";
import { newId } from "../../src/core/ids.ts";
import { prepareReply } from "../../src/core/reply-parts.ts";
import { eventually } from "../support/eventually.ts";
import type { ConformanceSubject, SubjectTools, VendorFault } from "./conformance-subject.ts";
import { createSubjectTools, partOf, sendAll, withoutSpace } from "./conformance-subject.ts";

/** What every channel promises, by a short name that stays the same when the sentence is reworded. */
export const GUARANTEES = {
  forged: "refuses a forged or unsigned request with 401",
  content_type: "refuses a signed request of the wrong content type with 415",
  malformed: "refuses a signed request that cannot be read with 400",
  same_event: "gives the same event the same keys, and another event other keys",
  own_messages: "does not answer itself or other bots",
  unknown_events: "acknowledges events it does not know and makes nothing of them",
  round_trip: "carries what a user wrote, and a reply to where it was written",
  long_text: "delivers a text over the limit whole, in order and within the limit",
  split: "splits any text into parts that fit and lose nothing",
  rate_limited: "pauses the whole channel for as long as the platform asks",
  recipient_gone: "gives up on a recipient that is gone, and only on that one",
  credentials_revoked: "gives up on the whole channel when its credentials are refused",
  server_error: "tries again what the platform failed to do",
  unreachable: "tries again what never reached the platform",
  answer_lost: "calls a send whose answer was lost unknown",
  aborted: "answers an aborted send with a result, not with an exception",
  secrets: "keeps its secrets out of logs, results and errors, whatever goes wrong",
  start: "starts although the platform cannot be reached, and says so",
  stop: "leaves no connection behind when it stops",
  stream_finished: "turns an answer that was shown while it was written into the one that is sent",
  stream_removed: "takes away what it showed of an answer that is not sent",
  stream_refused: "sends an answer as ever where showing it was refused",
  buttons: "shows buttons, or writes them as a numbered list",
  press: "takes a press as what the button says, once, with its payload",
  forged_press: "takes nothing of a press of what was not offered",
  capabilities: "has capabilities that agree with what it does",
} as const;

export type Guarantee = keyof typeof GUARANTEES;

declare module "vitest" {
  interface TaskMeta {
    /** Read by a reporter to show which channel keeps which guarantee; skipped tests are exceptions. */
    conformance?: { kind: string; guarantee: Guarantee; exception?: string };
  }
}

export interface ConformanceOptions {
  kind: string;
  /** A channel against its own strict platform, fresh for each test. */
  setup(tools: SubjectTools): Promise<ConformanceSubject>;
  /** Promises a kind cannot make, each with the reason. */
  except?: { test: Guarantee; reason: string }[];
}

/** Of the channels whose platforms show nothing of an answer before it is sent. */
export const noStreams = (["stream_finished", "stream_removed", "stream_refused"] as const).map((test) => ({
  test,
  reason: "nothing is shown there before it is sent",
}));

/** Of the channels whose platforms show none. */
export const noButtons = (["press", "forged_press"] as const).map((test) => ({
  test,
  reason: "no buttons are shown there: what is written is the choice",
}));

/** The suite every channel has to pass. */
export function describeChannelConformance({ kind, setup, except = [] }: ConformanceOptions): void {
  describe(`the ${kind} channel`, () => {
    for (const [name, check] of Object.entries(CHECKS)) {
      const guarantee = name as Guarantee;
      const exception = except.find((each) => each.test === guarantee)?.reason;
      const sentence = GUARANTEES[guarantee];
      const meta = { conformance: { kind, guarantee, ...(exception === undefined ? {} : { exception }) } };
      const title = exception === undefined ? sentence : `${sentence} (not here: ${exception})`;
      test.skipIf(exception !== undefined)(title, { meta }, async () => {
        const tools = createSubjectTools();
        await using subject = await setup(tools);
        await check(subject, tools);
      });
    }
  });
}

type Check = (subject: ConformanceSubject, tools: SubjectTools) => Promise<void>;

const CHECKS: Record<Guarantee, Check> = {
  async forged({ channel, inbound }) {
    for (const request of inbound.forged("let me in"))
      expect(await channel.receive(request)).toMatchObject({ kind: "rejected", status: 401 });
  },
  async content_type({ channel, inbound }) {
    const request = inbound.message("hello");
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
    const request = inbound.message("hello");
    const first = await messageFrom(channel.receive(request));
    const again = await messageFrom(channel.receive(request));
    const other = await messageFrom(channel.receive(inbound.message("hello")));
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
    const message = await messageFrom(channel.receive(inbound.message(text)));
    expect(message).toMatchObject({ type: "message", text, conversation: { address } });
    const sent = await channel.send(partOf(message.conversation.address, text), AbortSignal.timeout(10_000));
    expect(sent).toMatchObject({ kind: "sent", externalIds: [expect.any(String)] });
    expect(platform.received()).toEqual([text]);
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
  rate_limited: afterFault("rate_limited", { kind: "retry", scope: "channel", afterMs: expect.any(Number) }),
  recipient_gone: afterFault("recipient_gone", {
    kind: "failed",
    scope: expect.stringMatching(/^(conversation|user)$/),
  }),
  credentials_revoked: afterFault("credentials_revoked", { kind: "failed", scope: "channel" }),
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
    // Last the one after which nothing answers any more.
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
  },
  async stream_finished(subject) {
    const { channel, streams } = subject;
    const preview = await showAnswer(subject, "This is the beginning");
    const answer = "This is the beginning of an answer, and its end.";
    const part = { ...partOf(streams?.address ?? "", answer), preview };
    // The second time as after a crash between the platform's answer and its record.
    for (let time = 0; time < 2; time++) {
      expect(await channel.send(part, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
      expect(streams?.received()).toEqual([answer]);
    }
  },
  async stream_removed(subject) {
    const { channel, streams } = subject;
    const preview = await showAnswer(subject, "This is the beginning");
    expect(streams?.received()).not.toEqual([]);
    // Again where nobody knows whether it was done.
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
    const { capabilities } = subject.definition;
    const { content } = await offer(subject);
    const numbered = capabilities.buttons === null ? "1. Yes\n2. No\nTerms: https://example.org/terms" : "";
    expect(withoutSpace(subject.platform.received().join(""))).toBe(withoutSpace(`${content}${numbered}`));
    expect(subject.buttons?.shown() ?? []).toEqual(
      capabilities.buttons === null ? [] : OFFERED.map(({ label }) => label),
    );
    expect(subject.buttons !== undefined).toBe(capabilities.buttons !== null);
  },
  async press(subject, tools) {
    const { channel, address, buttons } = subject;
    const { messageId } = await offer(subject);
    tools.offer(messageId, { address, buttons: OFFERED });
    const request = buttons?.press(0) as RawRequest;
    const pressed = await messageFrom(channel.receive(request));
    expect(pressed).toMatchObject({ text: "Yes", payload: LONG_PAYLOAD, conversation: { address } });
    expect(await messageFrom(channel.receive(request))).toEqual(pressed);
    const written = await messageFrom(channel.receive(subject.inbound.message("Yes")));
    expect(pressed.conversation).toEqual(written.conversation);
    expect(pressed.eventKeys.filter((key) => written.eventKeys.includes(key))).toEqual([]);
  },
  async forged_press(subject, tools) {
    const { messageId } = await offer(subject);
    tools.offer(messageId, { address: subject.address, buttons: OFFERED });
    const presses = subject.buttons?.forged(messageId) ?? [];
    expect(presses).not.toEqual([]);
    for (const press of presses) expect(await eventsFrom(subject.channel.receive(press))).toEqual([]);
  },
  async capabilities({ channel, definition: { capabilities }, inbound }) {
    expect(capabilities.textLimit).toBeGreaterThan(0);
    expect(capabilities.typingRefreshMs !== null).toBe(channel.typing !== undefined);
    const { conversation } = await messageFrom(channel.receive(inbound.message("hello")));
    expect(conversation.externalId === null).toBe(capabilities.sessions === "single");
  },
};

/** Longer than what any platform carries with a button. */
const LONG_PAYLOAD = `confirm:${"7".repeat(3000)}`;
const OFFERED = toButtons([
  { label: "Yes", payload: LONG_PAYLOAD },
  { label: "No" },
  { label: "Terms", url: "https://example.org/terms" },
]);

/** Sends a message with buttons as the service does. */
async function offer({ channel, definition, address }: ConformanceSubject) {
  const messageId = newId();
  const content = "Shall I book it?";
  const { split, capabilities } = definition;
  const { parts } = prepareReply({ content, buttons: OFFERED }, { split, buttons: capabilities.buttons });
  for (const part of parts) {
    const buttons = part.buttons === null ? {} : { buttons: part.buttons };
    const sent = { ...partOf(address, part.content), messageId, ...buttons };
    expect(await channel.send(sent, AbortSignal.timeout(10_000))).toMatchObject({ kind: "sent" });
  }
  return { messageId, content };
}

/** Checks what a send comes to when the platform does not do as asked. */
function afterFault(fault: VendorFault, expected: object): Check {
  return async ({ channel, platform, address }) => {
    await platform.fail(fault);
    const result = await channel.send(partOf(address, "hello"), AbortSignal.timeout(10_000));
    expect(result).toMatchObject({ ...expected, code: expect.any(String), reason: expect.any(String) });
  };
}

/** Shows an answer and ends the stream; what stands then. */
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

async function eventsFrom(
  receiving: ReturnType<ConformanceSubject["channel"]["receive"]>,
): Promise<ChannelEvent[]> {
  const received = await receiving;
  if (received.kind === "rejected") throw new Error(`rejected: ${received.status} ${received.message}`);
  return received.events;
}

async function messageFrom(
  receiving: ReturnType<ConformanceSubject["channel"]["receive"]>,
): Promise<InboundMessage> {
  const [event, ...others] = await eventsFrom(receiving);
  if (event?.type !== "message" || others.length > 0) throw new Error("not exactly one message");
  return event;
}
