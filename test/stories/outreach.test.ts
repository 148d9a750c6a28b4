import { describe, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import type { Reachability } from "../../src/core/session/reachability.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { startGatedStory } from "./gated-story.ts";

const TRIGGER = "/trigger_bot_message";
const to = (identifier: string) => ({ agent_id: "agent", channel: "gated", identifier });
const blockedBy = (who: Set<string>) =>
  createGatedChannel((send) =>
    send.settle(
      who.has(send.part.address)
        ? { kind: "failed", code: "blocked", reason: "the user blocked the bot", scope: "user" }
        : sent(),
    ),
  );

describe("a user who blocked the bot", () => {
  it("is known as unreachable before the next message, which no bot writes, until they write again", async () => {
    const blocked = new Set(["ada"]);
    const events = [
      {
        on: "timeout",
        after: "1s",
        do: [{ action: "send_message", prompt: "Nudge." }, { action: "end_session" }],
      },
    ];
    await using story = await startGatedStory({ channel: blockedBy(blocked), agent: { events } });
    const remind = { ...to("ada"), prompt_text: "Remind." };
    const schedule = await story.app.api("POST", "/schedules", { ...remind, at: "2099-01-01T00:00:00Z" });
    expect(schedule.status).toBe(201);
    await story.say("ada", "hello");
    const ada = async () => (await story.app.api("GET", "/users?identifier=ada")).body.data[0];
    await eventually(async () =>
      expect((await ada()).reachable).toMatchObject({
        ok: false,
        code: "blocked",
        since: expect.any(String),
      }),
    );
    const { since } = (await ada()).reachable;

    const refused = await story.app.api("POST", TRIGGER, { ...to("ada"), prompt_text: "Say hello." });
    expect([refused.status, refused.body.error]).toMatchObject([
      409,
      {
        code: "user_unreachable",
        message: expect.stringContaining("the user blocked the bot"),
        details: { code: "blocked", since },
      },
    ]);
    const batch = await story.app.api("POST", `${TRIGGER}/batch`, {
      agent_id: "agent",
      channel: "gated",
      message_text: "Closed today.",
      items: [{ identifier: "ada" }, { identifier: "bob" }],
    });
    expect(batch.body.data).toMatchObject([
      { identifier: "ada", status: "failed", error: { code: "user_unreachable" } },
      { identifier: "bob", status: "accepted" },
    ]);
    const late = await story.app.api("POST", "/schedules", { ...remind, rrule: "FREQ=SECONDLY;COUNT=1" });
    expect([late.status, late.body.error]).toMatchObject([
      409,
      { code: "user_unreachable", details: { code: "blocked", since } },
    ]);
    // A schedule made earlier becomes due and records why nothing was sent.
    const moved = await story.app.api("PATCH", `/schedules/${schedule.body.id}`, {
      rrule: "FREQ=SECONDLY;COUNT=1",
    });
    expect(moved.status).toBe(200);
    await eventually(async () => {
      const { body } = await story.app.api("GET", `/schedules/${schedule.body.id}`);
      expect(body.last_run).toMatchObject({ status: "unreachable", reason: "the user blocked the bot" });
    });
    await eventually(async () =>
      expect(await story.rows("SELECT status, reason, results FROM event_log")).toMatchObject([
        {
          status: "unreachable",
          reason: "the user blocked the bot",
          results: [{ action: "send_message" }, { action: "end_session" }],
        },
      ]),
    );
    expect(story.bot.calls.map(({ texts }) => texts)).toEqual([["hello"]]);

    blocked.clear();
    await story.say("ada", "I am back");
    await eventually(() => expect(story.texts("ada")).toContain("re: I am back"));
    expect((await ada()).reachable).toEqual({ ok: true, code: null, reason: null, since: null });
    const taken = await story.app.api("POST", TRIGGER, { ...to("ada"), message_text: "Welcome back." });
    expect(taken.status).toBe(202);
    await story.channel.sending("Welcome back.");
  });
});

describe("the platform's limit on messages", () => {
  it("is checked before a message to a user, and the answer warns if only part of it is possible", async () => {
    const rules = new Map<string, Reachability>([
      ["late", { kind: "unreachable", code: "window_closed", reason: "they have to write first" }],
      ["slow", { kind: "limited", code: "template_only", reason: "a template goes out instead" }],
    ]);
    const channel = createGatedChannel(
      (send) => send.settle(sent()),
      {},
      "gated",
      null,
      (who) => rules.get(who),
    );
    await using story = await startGatedStory({ channel });
    const trigger = (who: string) => story.app.api("POST", TRIGGER, { ...to(who), message_text: "Hi." });
    expect((await trigger("late")).body.error).toMatchObject({
      code: "user_unreachable",
      details: { code: "window_closed", since: null },
    });
    expect(await story.rows("SELECT 1 FROM users")).toEqual([]);
    // The platform's rules are checked again when it is due.
    const later = { ...to("late"), message_text: "Hi.", at: "2099-01-01T00:00:00Z" };
    expect((await story.app.api("POST", "/schedules", later)).status).toBe(201);
    expect((await trigger("slow")).body).toMatchObject({
      delivery_ids: [expect.any(String)],
      warnings: [{ code: "template_only", message: "a template goes out instead" }],
    });
    const { body } = await story.app.api("GET", "/users?identifier=slow");
    expect(body.data[0].reachable).toMatchObject({ ok: true, code: "template_only" });
    expect((await trigger("ada")).body.warnings).toBe(undefined);
  });
});

describe("a trigger in quiet hours", () => {
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  const now = { from: clock(-3_600_000), to: clock(7_200_000) };

  it("waits until they end, tells the caller, and is scheduled once", async () => {
    await using story = await startGatedStory({ agent: { quietHours: now } });
    const call = () =>
      story.app.api(
        "POST",
        TRIGGER,
        {
          ...to("ada"),
          message_text: "It is time.",
          buttons: [{ label: "Later" }],
          attachments: [{ url: "https://example.org/plan.pdf", name: "plan.pdf" }],
          participant_data: { consent: true },
          start_new_session: true,
        },
        { "idempotency-key": "one" },
      );
    const [first, second] = await Promise.all([call(), call()]);
    expect([first.status, first.body]).toEqual([
      202,
      { session_id: expect.any(String), schedule_id: expect.any(String), sends_at: expect.any(String) },
    ]);
    expect(second.body).toEqual(first.body);
    expect(Date.parse(first.body.sends_at)).toBeGreaterThan(Date.now() + 3_600_000);
    const schedule = await story.app.api("GET", `/schedules/${first.body.schedule_id}`);
    expect(schedule.body).toMatchObject({
      status: "active",
      message_text: "It is time.",
      buttons: [{ label: "Later", payload: "Later" }],
      attachments: [{ url: "https://example.org/plan.pdf", name: "plan.pdf", content_type: null }],
      next_run_at: first.body.sends_at,
    });
    const session = await story.app.api("GET", `/chat/sessions/${first.body.session_id}`);
    expect(session.body).toMatchObject({ status: "active", participant_data: { consent: true } });
    expect(await story.rows("SELECT count(*)::int AS count FROM sessions")).toEqual([{ count: 1 }]);

    const { body: checked } = await story.app.api("POST", `${TRIGGER}/check`, {
      agent_id: "agent",
      channel: "gated",
      items: [{ identifier: "ada" }, { identifier: "bob", participant_data: { quiet_hours: false } }],
    });
    const reachable = { ok: true, code: null, reason: null, since: null };
    expect(checked.data).toEqual([
      {
        identifier: "ada",
        user: { id: session.body.user_id, identifier: "ada", name: null },
        reachable,
        quiet_until: first.body.sends_at,
        session: { id: first.body.session_id, title: null, handoff: false },
        handed_to: null,
      },
      { identifier: "bob", user: null, reachable, quiet_until: null, session: null, handed_to: null },
    ]);
    expect(await story.rows("SELECT count(*)::int AS count FROM users")).toEqual([{ count: 1 }]);

    const urgent = { ...to("ada"), message_text: "Urgent.", ignore_quiet_hours: true };
    expect((await story.app.api("POST", TRIGGER, urgent)).body.delivery_ids).toHaveLength(1);
    await story.channel.sending("Urgent.");
    const awake = { ...to("bob"), message_text: "Hi Bob.", participant_data: { quiet_hours: false } };
    expect((await story.app.api("POST", TRIGGER, awake)).body.delivery_ids).toHaveLength(1);
    await story.channel.sending("Hi Bob.");
    expect(story.texts("ada")).toEqual(["Urgent."]);

    // A run that was given up is sent once somebody asks for it.
    const late = { ...to("bob"), message_text: "Late words.", at: "2099-01-01T00:00:00Z" };
    const { body: planned } = await story.app.api("POST", "/schedules", late);
    const runId = newId();
    await story.rows(
      `INSERT INTO schedule_runs (id, schedule_id, due_at, status, reason, attempts)
       VALUES ('${runId}', '${planned.id}', now(), 'failed', 'the channel was off', 8)`,
    );
    const failures = async () =>
      (await story.app.api("GET", "/failures?kind=schedule&channel=gated")).body.data;
    expect(await failures()).toMatchObject([
      {
        id: runId,
        what: "Late words.",
        reason: "the channel was off",
        user: { identifier: "bob" },
        schedule_id: planned.id,
      },
    ]);
    expect((await story.app.api("POST", `/failures/${runId}/retry`)).status).toBe(204);
    await story.channel.sending("Late words.");
    expect(await failures()).toEqual([]);
    expect((await story.app.api("POST", `/failures/${runId}/retry`)).body.error.code).toBe(
      "failure_not_found",
    );
  });

  it("of one user waits too, and a schedule without a zone uses the user's clock", async () => {
    await using story = await startGatedStory();
    const participant_data = { quiet_hours: now, timezone: "UTC" };
    const held = await story.app.api("POST", TRIGGER, {
      ...to("ada"),
      prompt_text: "Ask.",
      participant_data,
    });
    expect(held.body).toMatchObject({ schedule_id: expect.any(String), sends_at: expect.any(String) });
    const data = { timezone: "Africa/Nairobi", quiet_hours: null };
    await story.app.api("POST", TRIGGER, { ...to("ada"), message_text: "Hi.", participant_data: data });
    await story.channel.sending("Hi.");
    const { body } = await story.app.api("POST", "/schedules", {
      ...to("ada"),
      message_text: "Good morning.",
      cron: "0 9 * * *",
    });
    expect(body).toMatchObject({ timezone: "Africa/Nairobi", next_run_at: expect.stringMatching(/T06:00/) });
    expect(story.bot.calls).toEqual([]);
  });
});
