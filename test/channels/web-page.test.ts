import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTurnLog, replay } from "../../src/core/session/turn-log.ts";
import { CallError } from "../../src/web-chat/chat/call-error.ts";
import { applyTurn, type Draft, newDraft } from "../../src/web-chat/chat/draft.ts";
import { createEventReader } from "../../src/web-chat/chat/event-reader.ts";
import { createOutbox } from "../../src/web-chat/chat/outbox.ts";
import {
  emptyTranscript,
  type Transcript,
  withMessages,
  withState,
  withTurn,
} from "../../src/web-chat/chat/transcript.ts";
import type { WireMessage } from "../../src/web-chat/chat/wire.ts";
import { eventually } from "../support/eventually.ts";

const message = (seq: number, over: Partial<WireMessage> = {}): WireMessage => ({
  id: `m${seq}`,
  session_id: "s",
  seq,
  role: "user",
  content: `text ${seq}`,
  execution_id: null,
  client_message_id: null,
  buttons: [],
  attachments: [],
  created_at: "2026-11-20T12:00:00.000Z",
  ...over,
});

const waitingFor = (...waiting: string[]): Transcript => ({ ...emptyTranscript, waiting });

describe("an answer being written", () => {
  test("has the same text after any number of reconnects, wherever the stream is cut", () => {
    const pieces = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(12), { maxLength: 4 }), (texts, cuts) => {
        const log = createTurnLog();
        const events = [
          log.append("execution", {}),
          log.append("thinking", { content: "hm" }),
          ...texts.map((content) => log.append("content", { content })),
        ];
        let draft: Draft = newDraft("x");
        // Each connection sends the start as one piece, then continues live until it breaks.
        for (const cut of [...cuts, events.length]) {
          const seen = createTurnLog();
          for (const event of events.slice(0, cut)) seen.append(event.type, event.data);
          for (const event of replay(seen.entries(), 0)) draft = applyTurn(draft, event);
          for (const event of events.slice(cut, cut + 2)) draft = applyTurn(draft, event);
        }
        for (const event of events) draft = applyTurn(draft, event);
        expect(draft.text).toBe(texts.join(""));
      }),
    );
  });

  test("is replaced by the stored one, and does not come back", () => {
    const event = { id: 2, type: "content", data: { content: "h" } } as const;
    let transcript = withTurn(waitingFor("x"), { execution_id: "x", event });
    expect(transcript.drafts).toHaveLength(1);
    transcript = withMessages(transcript, [message(2, { role: "assistant", execution_id: "x" })]);
    expect(transcript.drafts).toEqual([]);
    expect(withTurn(transcript, { execution_id: "x", event: { ...event, id: 9 } }).drafts).toEqual([]);
  });

  test("is not shown if its turn is not waiting", () => {
    const event = { id: 2, type: "content", data: { content: "h" } } as const;
    expect(withTurn(emptyTranscript, { execution_id: "x", event }).drafts).toEqual([]);
  });

  const turn = (id: string, type: "content" | "error", more: Record<string, string> = {}) =>
    ({
      execution_id: id,
      event: { id: type === "error" ? 9 : 1, type, data: { content: "t", ...more } },
    }) as const;
  const idle = { status: "active", title: null, waiting: [] } as const;

  test("disappears after its turn ended without a result, and a failed one shows its error", () => {
    let transcript = waitingFor("gone", "failed");
    transcript = withTurn(transcript, turn("gone", "content"));
    transcript = withTurn(transcript, turn("failed", "error", { message: "Sorry." }));
    transcript = withState(transcript, { ...idle, waiting: [] });
    expect(transcript.drafts).toMatchObject([{ executionId: "gone" }, { failure: "Sorry." }]);
    expect(withState(transcript, { ...idle, waiting: [] }).drafts).toMatchObject([{ failure: "Sorry." }]);
  });

  test("that was stopped keeps its text, in whatever order the two events arrive", () => {
    const stopped = turn("x", "error", { code: "cancelled" });
    const written = withTurn(waitingFor("x"), turn("x", "content"));
    const early = withState(withTurn(written, stopped), { ...idle, waiting: [] });
    const late = withTurn(withState(written, { ...idle, waiting: [] }), stopped);
    for (const { drafts } of [early, late, withState(late, { ...idle, waiting: [] })]) {
      expect(drafts).toMatchObject([{ text: "t", stopped: true, failure: null }]);
    }
  });
});

test("messages appear in order of seq, each once, whatever the order of arrival", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8 })), (seqs) => {
      const transcript = seqs.reduce((before, seq) => withMessages(before, [message(seq)]), emptyTranscript);
      expect(transcript.messages.map(({ seq }) => seq)).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    }),
  );
});

test("an event stream is read correctly wherever it is cut, with any line ends", () => {
  const lines = [
    "retry: 1000",
    "",
    ": still here",
    "",
    "id: 7",
    "event: message",
    'data: {"a":',
    "data: 1}",
    "",
    "data: x",
    "",
    "data: lost",
  ];
  const expected = [
    { id: "7", event: "message", data: '{"a":\n1}' },
    { id: null, event: "message", data: "x" },
  ];
  fc.assert(
    fc.property(fc.constantFrom("\n", "\r\n"), fc.array(fc.nat(120)), (end, cuts) => {
      const text = lines.join(end) + end;
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const read = createEventReader();
      expect(places.slice(1).flatMap((place, n) => read(text.slice(places[n], place)))).toEqual(expected);
    }),
  );
});

describe("a typed message", () => {
  const outboxOf = (send: (content: string) => Promise<void>) =>
    createOutbox({ send: ({ content }) => send(content), onChange: () => undefined });

  test("is sent in order, one at a time, and keeps its id in retries", async () => {
    const sent: string[] = [];
    const ids = new Set<string>();
    let failures = 1;
    const outbox = createOutbox({
      async send({ clientId, content }) {
        ids.add(clientId);
        if (failures-- > 0) throw new CallError(503, "not_stored", "later");
        sent.push(content);
      },
      onChange: () => undefined,
    });
    for (const content of ["one", "two", "three"]) outbox.add({ content });
    await eventually(() => expect(outbox.items()).toEqual([]));
    expect(sent).toEqual(["one", "two", "three"]);
    expect(ids.size).toBe(3);
  });

  test("that is refused stays with its reason, and blocks later ones until it is removed", async () => {
    const sent: string[] = [];
    const outbox = outboxOf(async (content) => {
      if (content === "bad") throw new CallError(422, "invalid_body", "It is not as it should be.");
      sent.push(content);
    });
    outbox.add({ content: "bad" });
    outbox.add({ content: "good" });
    const bad = await eventually(() => {
      const [first, second] = outbox.items();
      expect(first).toMatchObject({ state: "failed", failure: { code: "invalid_body" } });
      expect(second).toMatchObject({ state: "waiting" });
      return first;
    });
    expect(sent).toEqual([]);
    outbox.remove(bad?.clientId ?? "");
    await eventually(() => expect(outbox.items()).toEqual([]));
    expect(sent).toEqual(["good"]);
  });

  test("waits while the server cannot be reached, and is sent as soon as it is back", async () => {
    const sent: string[] = [];
    let isDown = true;
    const outbox = outboxOf(async (content) => {
      if (isDown) throw new CallError(0, "unreachable", "down");
      sent.push(content);
    });
    outbox.add({ content: "one" });
    outbox.add({ content: "two" });
    await eventually(() => expect(outbox.items()[0]).toMatchObject({ state: "offline", failure: null }));
    isDown = false;
    outbox.hurry();
    await eventually(() => expect(sent).toEqual(["one", "two"]));
  });
});
