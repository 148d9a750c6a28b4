import { describe, expect, it } from "vitest";
import { dueRuns } from "../../src/schedules/due-runs.ts";
import { toColumns } from "../../src/schedules/schedule.ts";
import { createScheduleRepository } from "../../src/schedules/schedule-repository.ts";
import { startGatedStory } from "../stories/gated-story.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";

const PATH = "/schedules";
const ada = { agent_id: "agent", channel: "gated", identifier: "ada" };
const block: Parameters<typeof createGatedChannel>[0] = (send) =>
  send.settle({ kind: "failed", code: "blocked", reason: "blocked by the user", scope: "conversation" });
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

describe("schedules", () => {
  it("send a message once at its time, and report it as delivered after it arrived", async () => {
    await using story = await startGatedStory();
    const { status, body } = await story.app.api("POST", PATH, {
      ...ada,
      message_text: "It is time.",
      at: soon(1_500),
    });
    expect([status, body]).toMatchObject([
      201,
      { status: "active", runs: 0, last_run: null, message_text: "It is time.", prompt_text: null },
    ]);
    await story.channel.sending("It is time.");
    await eventually(async () => {
      const { body: schedule } = await story.app.api("GET", `${PATH}/${body.id}`);
      expect(schedule).toMatchObject({
        status: "completed",
        runs: 1,
        next_run_at: null,
        last_run: { status: "delivered", delivery_ids: [expect.any(String)], due_at: body.at },
      });
    });
  });

  it("run even if their new time passes while the change is saved", async () => {
    await using story = await startGatedStory();
    const { body } = await story.app.api("POST", PATH, {
      ...ada,
      message_text: "Moved.",
      at: "2099-01-01T00:00:00Z",
    });
    const schedules = createScheduleRepository(story.app.app.engine.database.pool);
    const [{ workspace_id: workspace = "" } = {}] = await story.rows<{ workspace_id: string }>(
      "SELECT workspace_id FROM schedules",
    );
    await schedules.change(workspace, body.id, () => {
      const startsAt = new Date(Date.now() + 20);
      while (Date.now() <= startsAt.getTime());
      return { recurrence: { kind: "at", startsAt, endsAt: null, timezone: "UTC" } };
    });
    await story.channel.sending("Moved.");
  });

  it("report delivery when the platform confirms it, and keep every run", async () => {
    const channel = createGatedChannel((send) => send.settle({ kind: "sent", externalIds: ["one"] }), {
      receipts: true,
    });
    await using story = await startGatedStory({ channel });
    const { body } = await story.app.api("POST", PATH, {
      ...ada,
      message_text: "It is time.",
      rrule: "FREQ=SECONDLY;COUNT=1",
    });
    const runs = async () => (await story.app.api("GET", `${PATH}/${body.id}/runs`)).body;
    await eventually(async () =>
      expect(await runs()).toMatchObject({ data: [{ status: "sent" }], meta: { total: 1 } }),
    );
    await story.rows("UPDATE deliveries SET status = 'delivered'");
    expect((await runs()).data).toMatchObject([{ status: "delivered", delivery_ids: [expect.any(String)] }]);
    expect((await story.app.api("GET", `${PATH}/nothing/runs`)).status).toBe(404);
  });

  it("are created for many users at once, each in their own time zone; a repeated call creates no more", async () => {
    await using story = await startGatedStory();
    const batch = {
      agent_id: "agent",
      channel: "gated",
      message_text: "Time for your check-in.",
      cron: "0 9 * * 1",
      timezone: "Europe/Berlin",
      items: [
        { identifier: "ada" },
        { identifier: "bob", timezone: "Africa/Nairobi", name: "Bob's" },
        { identifier: "eve", timezone: "Nowhere/Else" },
      ],
    };
    const post = () => story.app.api("POST", `${PATH}/batch`, batch, { "Idempotency-Key": "weekly" });
    const { status, body } = await post();
    expect([status, body.data]).toMatchObject([
      201,
      [
        { identifier: "ada", status: "created", schedule: { identifier: "ada", timezone: "Europe/Berlin" } },
        { identifier: "bob", status: "created", schedule: { timezone: "Africa/Nairobi", name: "Bob's" } },
        { identifier: "eve", status: "failed", error: { code: "invalid_timezone" } },
      ],
    ]);
    expect((await post()).body).toEqual(body);
    expect((await story.app.api("GET", PATH)).body.meta.total).toBe(2);
    const nobody = await story.app.api("POST", `${PATH}/batch`, { ...batch, agent_id: "nobody" });
    expect([nobody.status, nobody.body.error.code]).toEqual([404, "agent_not_found"]);
  });

  it("follow a recurrence rule until its last run", async () => {
    await using story = await startGatedStory();
    const rule = { message_text: "Again.", rrule: "FREQ=SECONDLY;COUNT=2", timezone: "Africa/Nairobi" };
    const { status, body } = await story.app.api("POST", PATH, { ...ada, ...rule });
    expect([status, body]).toMatchObject([201, { rrule: "FREQ=SECONDLY;COUNT=2", cron: null, every: null }]);
    await story.channel.sending("Again.", 2);
    await eventually(async () => {
      const { body: schedule } = await story.app.api("GET", `${PATH}/${body.id}`);
      expect(schedule).toMatchObject({ status: "completed", runs: 2, last_run: { status: "delivered" } });
    });
  });

  it("let the bot write from a prompt repeatedly, up to the given number of runs", async () => {
    await using story = await startGatedStory();
    const { body } = await story.app.api("POST", PATH, {
      ...ada,
      prompt_text: "Ask how they slept.",
      every: "1s",
      max_runs: 2,
    });
    await story.channel.sending("re: Ask how they slept.", 2);
    await eventually(async () => {
      const { body: schedule } = await story.app.api("GET", `${PATH}/${body.id}`);
      expect(schedule).toMatchObject({ status: "completed", runs: 2, last_run: { status: "delivered" } });
    });
    expect(await story.rows("SELECT count(*)::int AS count FROM sessions")).toEqual([{ count: 1 }]);
  });

  it("show why a run failed", async () => {
    await using story = await startGatedStory({ channel: createGatedChannel(block) });
    const { body } = await story.app.api("POST", PATH, { ...ada, message_text: "Hi.", at: soon(2_000) });
    await eventually(async () => {
      const { body: schedule } = await story.app.api("GET", `${PATH}/${body.id}`);
      expect(schedule.last_run).toMatchObject({ status: "failed", reason: "blocked by the user" });
    });
  });

  it("are moved, paused, resumed and cancelled", async () => {
    await using story = await startGatedStory();
    const zone = { timezone: "Europe/Berlin" };
    const created = await story.app.api("POST", PATH, {
      ...ada,
      ...zone,
      message_text: "A",
      cron: "0 9 * * *",
    });
    const path = `${PATH}/${created.body.id}`;
    const change = async (body: unknown) => (await story.app.api("PATCH", path, body)).body;
    expect(await change({ cron: "30 8 * * *", name: "Morning" })).toMatchObject({
      cron: "30 8 * * *",
      name: "Morning",
      timezone: "Europe/Berlin",
      next_run_at: expect.stringMatching(/T0[67]:30:00/),
    });
    expect(await change({ at: "2099-07-01T09:00:00" })).toMatchObject({
      cron: null,
      next_run_at: "2099-07-01T07:00:00.000Z",
    });
    expect(
      await change({ rrule: "RRULE:FREQ=YEARLY;BYMONTH=7", starts_at: "2099-07-01T09:00:00" }),
    ).toMatchObject({
      at: null,
      rrule: "FREQ=YEARLY;BYMONTH=7",
      next_run_at: "2099-07-01T07:00:00.000Z",
    });
    expect(await change({ status: "paused" })).toMatchObject({ status: "paused", next_run_at: null });
    expect(await change({ status: "active", message_text: "B" })).toMatchObject({
      status: "active",
      message_text: "B",
      next_run_at: "2099-07-01T07:00:00.000Z",
    });
    const buttons = [{ label: "Yes", payload: "y" }];
    expect(await change({ buttons })).toMatchObject({ message_text: "B", buttons });
    expect(await change({ message_text: "C" })).toMatchObject({ message_text: "C", format: "text", buttons });
    expect(await change({ format: "markdown" })).toMatchObject({ message_text: "C", format: "markdown" });
    expect(await change({ message_text: "D" })).toMatchObject({ message_text: "D", format: "markdown" });
    expect(await change({ format: "text" })).toMatchObject({ message_text: "D", format: "text", buttons });
    expect(await change({ prompt_text: "Ask." })).toMatchObject({ prompt_text: "Ask.", buttons: [] });
    expect(await change({ buttons })).toMatchObject({ error: { code: "invalid_body" } });
    expect((await story.app.api("DELETE", path)).status).toBe(204);
    expect((await story.app.api("GET", path)).body).toMatchObject({ status: "cancelled", next_run_at: null });
    expect(await change({ name: "Again" })).toMatchObject({ error: { code: "schedule_over" } });
    expect((await story.app.api("GET", `${PATH}?status=cancelled`)).body).toMatchObject({
      meta: { total: 1 },
    });
  });

  it("end if a change leaves no future run", async () => {
    await using story = await startGatedStory();
    const put = async (times: Record<string, unknown>) =>
      (await story.app.api("POST", PATH, { ...ada, message_text: "A", ...times })).body.id;
    const change = async (id: string, body: unknown) =>
      (await story.app.api("PATCH", `${PATH}/${id}`, body)).body;
    const missed = await put({ at: "2099-07-01T09:00:00Z" });
    await change(missed, { status: "paused" });
    await story.rows("UPDATE schedules SET starts_at = now() - interval '1 hour'");
    expect(await change(missed, { status: "active" })).toMatchObject({
      status: "completed",
      next_run_at: null,
    });
    const often = await put({ every: "1d", max_runs: 3 });
    await story.rows("UPDATE schedules SET runs = 2 WHERE id = $1", [often]);
    expect(await change(often, { max_runs: 2 })).toMatchObject({ status: "completed", next_run_at: null });
  });

  it("are refused if they can never run", async () => {
    await using story = await startGatedStory();
    const codes = [];
    for (const times of [
      { at: "2001-01-01T00:00:00Z" },
      { cron: "every day" },
      { rrule: "FREQ=FORTNIGHTLY" },
      { rrule: "FREQ=DAILY", every: "1d" },
      { cron: "0 9 * * *", timezone: "Mars/Olympus" },
      { every: "1d", ends_at: "2001-01-01T00:00:00Z" },
      { every: "1d", cron: "0 9 * * *" },
      { at: "tomorrow" },
    ]) {
      const { status, body } = await story.app.api("POST", PATH, { ...ada, message_text: "Hi.", ...times });
      codes.push([status, body.error.code]);
      if (times.at === "tomorrow") expect(body.error.message).toContain("write a time such as 2027-03-28");
    }
    expect(codes).toEqual([
      [422, "never_due"],
      [422, "invalid_cron"],
      [422, "invalid_rrule"],
      [422, expect.any(String)],
      [422, "invalid_timezone"],
      [422, "never_due"],
      [422, expect.any(String)],
      [422, "invalid_body"],
    ]);
  });
});

describe("runs that were missed", () => {
  const hourly = {
    recurrence: {
      kind: "interval" as const,
      everyMs: 3_600_000,
      startsAt: new Date("2026-01-01T00:00:00Z"),
      endsAt: null,
      timezone: "UTC",
    },
    nextRunAt: new Date("2026-01-01T01:00:00Z"),
    runs: 0,
    maxRuns: null,
    graceMs: null,
  };
  const now = new Date("2026-01-01T03:30:00Z");

  it("are skipped except the newest, which is sent late", () => {
    const due = dueRuns(hourly, now);
    expect(due.runs.map(({ dueAt, skipped }) => [dueAt.getUTCHours(), skipped === null])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(due.nextRunAt).toEqual(new Date("2026-01-01T04:00:00Z"));
  });

  it("are all skipped if they are later than allowed", () => {
    const due = dueRuns({ ...hourly, graceMs: 60_000 }, now);
    expect(due.runs.every(({ skipped }) => skipped !== null)).toBe(true);
    expect(dueRuns({ ...hourly, graceMs: 3_600_000, maxRuns: 1 }, now).nextRunAt).toBe(null);
  });
});

it("stores a bot's text that Postgres would reject, so that the turn does not fail", () => {
  const columns = toColumns({
    name: "a\u0000",
    message: { text: "b\u0000", buttons: [{ label: "c\u0000" }] },
    recurrence: { kind: "at", startsAt: new Date(), endsAt: null, timezone: "UTC" },
    maxRuns: null,
    graceMs: null,
  });
  expect(columns).toEqual(expect.arrayContaining(["a\uFFFD", "b\uFFFD", '[{"label":"c\uFFFD"}]']));
});
