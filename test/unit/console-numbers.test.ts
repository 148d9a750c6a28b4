import { expect, test } from "vitest";
import { linePairs } from "../../src/console/agents/line-pairs.ts";
import { bucketsOf, totalsBy } from "../../src/console/numbers/buckets.ts";
import { readPeople } from "../../src/console/outreach/people-list.ts";
import { sendNowBody, timesOf } from "../../src/console/outreach/schedule-call.ts";
import type { Schedule, StatsRow } from "../../src/console/server/wire.ts";
import { csvLine } from "../../src/core/text/csv.ts";

const row = (more: Partial<StatsRow>): StatsRow => ({
  start: "2026-03-01T10:00:00.000Z",
  channel: "web",
  agent_id: "a",
  agent: "coach",
  messages: { in: 1, out: 2 },
  turns: 1,
  failures: 0,
  cancelled: 0,
  latency_ms: null,
  tokens: { prompt: 1, completion: 1, total: 2 },
  deliveries: { total: 2, failed: 0 },
  ...more,
});

test("an empty hour still has a bar, and each row is at its hour", () => {
  const span = {
    interval: "hour" as const,
    since: new Date("2026-03-01T09:20:00Z"),
    until: new Date("2026-03-01T12:00:00Z"),
  };
  const buckets = bucketsOf([row({})], span);
  expect(buckets.map(({ row: found }) => found?.turns ?? null)).toEqual([null, 1, null]);
});

test("days begin in the reader's time zone, also on a day of 23 hours", () => {
  const span = { interval: "day" as const, since: new Date(2026, 2, 27), until: new Date(2026, 3, 2) };
  const days = bucketsOf([], span).map(({ start }) => [start.getHours(), start.getDate()]);
  expect(days).toEqual([27, 28, 29, 30, 31, 1].map((day) => [0, day]));
});

test("totals add up each channel or agent, the busiest first", () => {
  const rows = [row({}), row({ channel: "api", failures: 1 }), row({ channel: "api", turns: 3 })];
  expect(totalsBy(rows, "channel")).toMatchObject([
    { name: "api", messages: 6, turns: 4, failures: 1 },
    { name: "web", messages: 3, turns: 1 },
  ]);
  expect(totalsBy(rows, "agent")).toMatchObject([{ name: "coach", messages: 9 }]);
});

test("a table is safe to open in a spreadsheet", () => {
  expect(csvLine(["=1+1", 'say "so"', -5])).toBe(`"'=1+1","say ""so""",-5\r\n`);
});

test("equal lines of two texts stand beside each other", () => {
  expect(linePairs("a\nb\nc\nd", "a\nc\nx\nd")).toEqual([
    { before: "a", after: "a" },
    { before: "b", after: null },
    { before: "c", after: "c" },
    { before: null, after: "x" },
    { before: "d", after: "d" },
  ]);
  expect(linePairs("old", "new")).toEqual([{ before: "old", after: "new" }]);
  const long = Array.from({ length: 1_200 }, (_, index) => `line ${index}`);
  expect(linePairs(long.join("\n"), [...long].reverse().join("\n"))).toHaveLength(1_200);
});

const schedule = (more: Partial<Schedule>): Schedule => ({
  id: "s",
  workspace_id: "w",
  agent_id: "a",
  user_id: "u",
  channel: "phone",
  identifier: "ada",
  name: null,
  prompt_text: null,
  message_text: null,
  format: null,
  buttons: [],
  attachments: [],
  at: null,
  every: null,
  cron: null,
  rrule: null,
  timezone: "UTC",
  starts_at: "",
  ends_at: null,
  max_runs: null,
  max_delay: null,
  status: "active",
  made_by: "operator",
  runs: 0,
  next_run_at: null,
  last_run: null,
  created_at: "",
  updated_at: "",
  ...more,
});

test("a schedule sends the same message now as it would send later", () => {
  const to = { agent_id: "a", channel: "phone", identifier: "ada" };
  expect(sendNowBody(schedule({ prompt_text: "Ask." }))).toEqual({ ...to, prompt_text: "Ask." });
  const file = { url: "https://example.org/a.pdf", name: null, content_type: "application/pdf" };
  expect(sendNowBody(schedule({ message_text: "Here.", format: "markdown", attachments: [file] }))).toEqual({
    ...to,
    message_text: "Here.",
    format: "markdown",
    attachments: [{ url: "https://example.org/a.pdf", content_type: "application/pdf" }],
  });
  expect(timesOf(schedule({ every: "2h" }))).toBe("every 2h (UTC)");
});

test("a pasted list has one identifier in each line, or is a table with an identifier column", () => {
  const listed = (identifier: string, participantData = {}) => ({ identifier, participantData });
  expect(readPeople(" ada \r\n\nbert, junior\nada")).toEqual([listed("ada"), listed("bert, junior")]);
  expect(readPeople('\uFEFFIdentifier,city,note\r\n+49170,"Porto, ""the"" city",\r\nbert\r\n')).toEqual([
    listed("+49170", { city: 'Porto, "the" city' }),
    listed("bert"),
  ]);
  expect(readPeople("identifier\tage\nada\t7\n\t8")).toEqual([listed("ada", { age: "7" })]);
  expect(readPeople("identifier\nada")).toEqual([listed("ada")]);
  expect(readPeople("")).toEqual([]);
});
