import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { startGatedStory } from "./gated-story.ts";

const DELIVERIES =
  "SELECT status, attempts, error_code, error, next_attempt_at FROM deliveries ORDER BY ordinal";
const PARKED = { kind: "parked", code: "window_closed", reason: "they have to write first" } as const;

test("a message that waits for the user is sent even if the user writes at that very moment", async () => {
  const channel = createGatedChannel(() => undefined, { parks: true });
  await using story = await startGatedStory({ channel });
  await story.say("ada", "one");
  const first = await channel.sending("re: one");
  // The user writes while the service still learns that the message must wait for that.
  await story.say("ada", "two");
  first.settle(PARKED);
  const again = await channel.sending("re: one", 2);
  expect(channel.sends).toHaveLength(2);
  again.settle(sent());
  (await channel.sending("re: two")).settle(sent());
  await eventually(async () =>
    expect(await story.rows(DELIVERIES)).toMatchObject([
      { status: "sent", attempts: 1 },
      { status: "sent", attempts: 1 },
    ]),
  );
  expect(story.texts("ada")).toEqual(["re: one", "re: one", "re: two"]);
});

test("a message that waited is reported as held back once, and never as a failed attempt", async () => {
  const channel = createGatedChannel(() => undefined, { parks: true });
  await using story = await startGatedStory({ channel });
  await story.say("ada", "one");
  for (const nth of [1, 2]) (await channel.sending("re: one", nth)).settle(PARKED);
  const note = { code: "template_sent", reason: "a template went out in its place" };
  (await channel.sending("re: one", 3)).settle({
    kind: "sent",
    externalIds: ["m-1"],
    state: "delivered",
    note,
  });
  await eventually(async () =>
    expect(await story.rows(DELIVERIES)).toMatchObject([
      { status: "delivered", attempts: 1, error_code: "template_sent" },
    ]),
  );
  expect(await story.rows("SELECT code, outcome FROM incidents")).toEqual([
    { code: "window_closed", outcome: "retry" },
  ]);
  const [reply] = await story.rows<{ id: string }>("SELECT id FROM messages WHERE role = 'assistant'");
  const { body } = await story.app.api("GET", `/messages/${reply?.id}/trail`);
  const told = JSON.stringify(body.facts);
  expect(told).toContain("The reply was held back.");
  expect(told).toContain("A template went out in its place.");
  expect(told).not.toContain("did not arrive");
});

test("a message that waits for one user delays no other user, and fails after a week", async () => {
  const channel = createGatedChannel((send) => send.settle(send.part.address === "ada" ? PARKED : sent()), {
    parks: true,
  });
  await using story = await startGatedStory({ channel });
  await story.say("ada", "one");
  await story.say("bob", "one");
  await eventually(() => expect(story.texts("bob")).toEqual(["re: one"]));
  const parked = { status: "queued", attempts: 0, error_code: "window_closed", next_attempt_at: null };
  // With recent messages the user might have just written, and the delivery would be tried again.
  await story.rows("UPDATE messages SET created_at = created_at - interval '9 days'");
  await eventually(async () => {
    const [waiting] = await story.rows(`${DELIVERIES} LIMIT 1`);
    expect(waiting).toMatchObject({ ...parked, error: "they have to write first" });
  });
  await story.rows(
    `UPDATE deliveries SET updated_at = updated_at - interval '8 days' WHERE address = 'ada' AND next_attempt_at IS NULL`,
  );
  await eventually(
    async () => {
      const [given] = await story.rows(`${DELIVERIES} LIMIT 1`);
      expect(given).toMatchObject({ status: "failed", error: expect.stringContaining("7 days") });
    },
    { timeoutMs: 30_000 },
  );
  expect(new Set(story.texts("ada"))).toEqual(new Set(["re: one"]));
});

test("a message to a window that the platform calls closed is not repeated for an earlier user message", async () => {
  const refused = { ...PARKED, refused: true } as const;
  const channel = createGatedChannel(
    (send) => {
      if (send.part.text === "re: one") send.settle(send.part.address === "ada" ? refused : sent());
    },
    { parks: true },
  );
  await using story = await startGatedStory({ channel });
  await story.say("ada", "one");
  const parked = { status: "queued", attempts: 0, error_code: "window_closed", next_attempt_at: null };
  await eventually(async () => expect(await story.rows(DELIVERIES)).toMatchObject([parked]));
  // The reconciler has run by the time it gives up on deliveries that waited too long.
  await story.rows("UPDATE deliveries SET updated_at = updated_at - interval '8 days'");
  await eventually(async () => expect(await story.rows(DELIVERIES)).toMatchObject([{ status: "failed" }]), {
    timeoutMs: 30_000,
  });
  expect(story.texts("ada")).toEqual(["re: one"]);
});

test("a message to a window that the platform calls closed is sent if the user writes meanwhile", async () => {
  const channel = createGatedChannel(() => undefined, { parks: true });
  await using story = await startGatedStory({ channel });
  await story.say("ada", "one");
  const first = await channel.sending("re: one");
  await story.say("ada", "two");
  first.settle({ ...PARKED, refused: true });
  (await channel.sending("re: one", 2)).settle(sent());
  (await channel.sending("re: two")).settle(sent());
  expect(channel.sends).toHaveLength(3);
});
