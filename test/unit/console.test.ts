import { expect, test } from "vitest";
import { recordsOf } from "../../src/console/conversation/records.ts";
import { seqToReadFrom } from "../../src/console/conversation/seq-to-read-from.ts";
import { stateLine } from "../../src/console/conversation/state-line.ts";
import { apiQuery, NO_FILTERS, readFilters, writeFilters } from "../../src/console/conversations/filters.ts";
import { appendRows, mergeRows } from "../../src/console/conversations/merge-rows.ts";
import { describeIdentifier } from "../../src/console/outreach/identifiers.ts";
import type { Delivery, Execution, Message } from "../../src/console/server/wire.ts";
import { ageOf } from "../../src/console/shell/ages.ts";

test("filters survive in the address, and invalid ones are omitted", () => {
  const filters = { ...NO_FILTERS, q: "two words", handoff: "open", trouble: true, since: "2026-03-01" };
  expect(readFilters(new URLSearchParams(writeFilters(filters)))).toEqual(filters);
  const strange = "status=gone&handoff=perhaps&since=2026-99-99&until=soon&trouble=1&other=x";
  expect(readFilters(new URLSearchParams(strange))).toEqual(NO_FILTERS);
  expect(writeFilters(NO_FILTERS)).toBe("");
});

test("an end date includes its whole day", () => {
  const query = new URLSearchParams(
    apiQuery({ ...NO_FILTERS, agent: "coach", since: "2026-03-01", until: "2026-03-01" }, { limit: 5 }),
  );
  const [since, until] = [query.get("since"), query.get("until")].map((at) => Date.parse(at ?? ""));
  expect((until ?? 0) - (since ?? 0)).toBe(24 * 3_600_000);
  expect(query.get("agent_id")).toBe("coach");
});

test("the form of a message says how people are named on its channel", () => {
  expect(describeIdentifier("whatsapp")).toBe(
    "one phone number in each line, such as +491701234567, or a table whose first column is identifier",
  );
  expect(describeIdentifier("telegram")).toContain("one chat id in each line, such as 777001");
  expect(describeIdentifier("web")).toMatch(/^one identifier in each line, or a table/);
});

const row = (id: string, updated_at: string, text = "") => ({ id, updated_at, text });

test("rows keep their places while they may not move, and their content stays current", () => {
  const shown = [row("c", "3"), row("b", "2"), row("a", "1")];
  const rows = [row("d", "5"), row("a", "4", "new words"), row("c", "3"), row("b", "2")];
  const held = mergeRows(shown, { rows, isAll: true }, false);
  expect(held.rows.map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(held.rows[2]).toMatchObject({ text: "new words" });
  expect(held.waiting).toBe(2);
  expect(mergeRows(shown, { rows, isAll: true }, true)).toEqual({ rows, waiting: 0 });
});

test("later pages stay behind the first one, without rows that no longer match", () => {
  const shown = [row("d", "4"), row("c", "3"), row("b", "2"), row("a", "1")];
  const first = [row("e", "5"), row("c", "3")];
  const merged = mergeRows(shown, { rows: first, isAll: false }, true);
  expect(merged.rows.map(({ id }) => id)).toEqual(["e", "c", "b", "a"]);
  expect(appendRows(merged.rows, [row("a", "1"), row("z", "0")]).map(({ id }) => id)).toEqual([
    ..."ecba",
    "z",
  ]);
});

const delivery = (more: Partial<Delivery>): Delivery => ({
  id: "d",
  workspace_id: "w",
  session_id: "s",
  message_id: "m",
  handoff_id: null,
  access_request_id: null,
  channel: "phone",
  address: "1",
  part: 0,
  content: "",
  status: "sent",
  attempts: 1,
  next_attempt_at: null,
  external_ids: [],
  error_code: null,
  error: null,
  possible_duplicate: false,
  created_at: "",
  updated_at: "",
  sent_at: null,
  ...more,
});

const turn = (more: Partial<Execution>): Execution => ({
  id: "x",
  workspace_id: "w",
  session_id: "s",
  agent_id: "a",
  agent_version: 1,
  channel: "phone",
  user_id: "u",
  user_message_id: "q",
  status: "completed",
  attempts: 1,
  error: null,
  error_code: null,
  merged_into: null,
  retried_as: null,
  cancel_requested_at: null,
  token_usage: null,
  finish_reason: null,
  duration_ms: 1_234,
  created_at: "",
  started_at: null,
  ended_at: null,
  ...more,
});

test.each([
  ["Sent, written in 1.2 s", "good", [{}]],
  ["Delivered in 2 parts, written in 1.2 s", "good", [{ status: "delivered" }, { status: "read" }]],
  ["Sent, perhaps twice, written in 1.2 s", "good", [{ possible_duplicate: true }]],
  ["Read, written in 1.2 s", "good", [{ status: "read" }]],
  ["On its way", "wait", [{ status: "queued", attempts: 0 }]],
  ["Trying again: 429", "wait", [{ status: "queued", error: "429" }, { status: "sent" }]],
  ["Not delivered: blocked", "bad", [{ status: "sent" }, { status: "failed", error: "blocked" }]],
  ["Sent, but it is unknown if it arrived", "bad", [{ status: "unknown" }]],
  ["Stored, written in 1.2 s", "quiet", []],
] satisfies [string, string, Partial<Delivery>[]][])(
  "shows the state of an answer: %s",
  (text, tone, deliveries) => {
    const records = { deliveries: deliveries.map(delivery), execution: turn({}) };
    expect(stateLine({ role: "assistant", origin: "bot" }, records)).toEqual({ text, tone });
  },
);

test.each([
  ["Answered", {}],
  ["Answered together with the next message", { merged_into: "y" }],
  ["Not answered: overloaded", { status: "failed", error: { code: "x", message: "overloaded" } }],
  ["A person answers", { status: "cancelled", error: { code: "handoff", message: "" } }],
  ["The bot is answering", { status: "running" }],
  ["Waits for its turn", { status: "pending" }],
] satisfies [string, Partial<Execution>][])("shows the state of a question: %s", (text, more) => {
  const records = { deliveries: [], execution: turn(more) };
  expect(stateLine({ role: "user", origin: "user" }, records).text).toBe(text);
});

test("copies for a desk are not shown as deliveries to the user, and unchanged records stay the same objects", () => {
  const messages = [
    { id: "m", execution_id: "x" },
    { id: "q", execution_id: "x" },
  ] as Message[];
  const deliveries = [delivery({ id: "2", part: 1 }), delivery({ id: "1" }), delivery({ handoff_id: "h" })];
  const first = recordsOf({ messages, deliveries, executions: [turn({})], feedback: [] }, new Map());
  expect(first.get("m")?.deliveries.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(first.get("q")?.execution?.id).toBe("x");
  const second = recordsOf(
    { messages, deliveries, executions: [turn({ status: "failed" })], feedback: [] },
    first,
  );
  expect(second.get("m")).not.toBe(first.get("m"));
  expect(
    recordsOf({ messages, deliveries, executions: [turn({ status: "failed" })], feedback: [] }, second),
  ).toEqual(second);
});

test("an age is short, and becomes a date after four weeks", () => {
  const now = Date.parse("2026-03-31T12:00:00Z");
  const ages = [
    "2026-03-31T11:59:30Z",
    "2026-03-31T11:30:00Z",
    "2026-03-30T12:00:00Z",
    "2026-01-05T12:00:00Z",
  ];
  expect(ages.map((at) => ageOf(at, now))).toEqual(["now", "30m", "1d", "2026-01-05"]);
});

test("a reloaded conversation starts at a voice message that is still playing", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const message = (seq: number, kind: "audio" | "image" | null, transcription?: object) =>
    ({
      seq,
      role: "user",
      attachments: kind === null ? [] : [{ kind, state: "stored" }],
      metadata: transcription === undefined ? {} : { transcription },
      created_at: "2026-11-30T11:59:00Z",
    }) as unknown as Message;
  expect(seqToReadFrom([], now)).toBe(0);
  expect(seqToReadFrom([message(1, null), message(2, "image")], now)).toBe(2);
  const unheard = [message(1, null), message(2, "audio"), message(3, null)];
  expect(seqToReadFrom(unheard, now)).toBe(1);
  expect(seqToReadFrom(unheard, now + 60 * 60_000)).toBe(3);
  expect(seqToReadFrom([message(2, "audio", {}), message(3, null)], now)).toBe(3);
});
