import { expect, test } from "vitest";
import type { SendResult } from "../../src/core/message/outbound.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const LIMIT: SendResult = {
  kind: "retry",
  scope: "conversation",
  code: "429",
  reason: "this room has its share",
  afterMs: 60_000,
};

const pausedUntil = (story: GatedStory) =>
  story.rows<{ paused: boolean }>("SELECT coalesce(paused_until > now(), false) AS paused FROM channels");

test("a limit of one conversation pauses only that conversation", async () => {
  const channel = createGatedChannel((send) => send.settle(send.part.address === "busy" ? LIMIT : sent()));
  await using story = await startGatedStory({ channel });
  await story.say("busy", "one");
  await channel.sending("re: one");
  for (const n of [2, 3, 4]) await story.say(`other-${n}`, `free ${n}`);
  for (const n of [2, 3, 4]) await channel.sending(`re: free ${n}`);
  await story.say("busy", "two");
  await eventually(async () =>
    expect(await story.rows("SELECT 1 FROM deliveries WHERE status = 'queued'")).toHaveLength(2),
  );
  expect(story.texts("busy")).toEqual(["re: one"]);
  expect(await pausedUntil(story)).toEqual([{ paused: false }]);
});

test("a limit in a second conversation during the pause pauses all conversations", async () => {
  const channel = createGatedChannel((send) =>
    send.settle(send.part.address.startsWith("busy") ? LIMIT : sent()),
  );
  await using story = await startGatedStory({ channel });
  await story.say("busy-1", "one");
  await channel.sending("re: one");
  await story.say("busy-2", "two");
  await channel.sending("re: two");
  await eventually(async () => expect(await pausedUntil(story)).toEqual([{ paused: true }]));
  await story.say("free", "three");
  await eventually(async () =>
    expect(await story.rows("SELECT 1 FROM deliveries WHERE status = 'queued'")).toHaveLength(3),
  );
  expect(story.texts("free")).toEqual([]);
});

test("limits of one conversation only, and pauses that are over, delay no other conversation", async () => {
  const results = new Map<string, SendResult>([
    ["alone-1", { ...LIMIT, alone: true }],
    ["alone-2", { ...LIMIT, alone: true }],
    ["short", { ...LIMIT, afterMs: 1 }],
    ["busy", LIMIT],
  ]);
  const channel = createGatedChannel((send, nth) =>
    send.settle((nth === 1 && results.get(send.part.address)) || sent()),
  );
  await using story = await startGatedStory({ channel });
  for (const address of results.keys()) {
    await story.say(address, address);
    await channel.sending(`re: ${address}`);
  }
  await story.say("free", "go");
  await channel.sending("re: go");
  expect(await pausedUntil(story)).toEqual([{ paused: false }]);
});

const REVOKED = {
  kind: "failed",
  scope: "connection",
  code: "revoked",
  reason: "the token is revoked",
} as const;
const BARRED = {
  kind: "retry",
  scope: "connection",
  code: "403",
  reason: "a proxy turns us away",
} as const;
const FLOOD = { ...BARRED, code: "429", reason: "slow down", afterMs: 100 };

test.each([
  ["a revoked token", REVOKED],
  ["a proxy that refuses requests", BARRED],
  ["a limit of all conversations", FLOOD],
] as const)(
  "the channel list and readyz show a send error until the next success: %s",
  async (_what, result) => {
    let refusal: SendResult | null = result;
    const channel = createGatedChannel((send) => send.settle(refusal ?? sent()));
    await using story = await startGatedStory({ channel });
    const shown = async () => {
      const { body } = await story.app.api("GET", "/channels");
      const { body: ready } = await story.app.api("GET", "/../../readyz");
      const { state, last_error: words } = body.data[0];
      return { state, words, ready: ready.channels.gated };
    };
    await story.say("ada", "one");
    await channel.sending("re: one");
    const trouble = { words: result.reason };
    await eventually(async () =>
      expect(await shown()).toEqual({
        state: "error",
        ...trouble,
        ready: { kind: "gated", state: "error", last_error: trouble.words },
      }),
    );
    refusal = null;
    await story.say("bob", "two");
    await channel.sending("re: two");
    await eventually(async () =>
      expect(await shown()).toEqual({
        state: "ok",
        ...trouble,
        ready: { kind: "gated", state: "ok", last_error: null },
      }),
    );
  },
);

const rows = (story: GatedStory) =>
  story.rows(
    `SELECT status, error_code, next_attempt_at IS NULL AS waits, attempts FROM deliveries ORDER BY ordinal`,
  );

test("a temporary failure that a receipt reports later repeats the send", async () => {
  const channel = createGatedChannel((send, nth) =>
    send.settle({ kind: "sent", externalIds: [`id-${nth}`] }),
  );
  await using story = await startGatedStory({ channel });
  await story.say("ada", "hello");
  await channel.sending("re: hello");
  await eventually(async () => expect(await rows(story)).toMatchObject([{ status: "sent" }]));
  const failure = {
    externalId: "id-1",
    state: "failed" as const,
    errorCode: "busy",
    errorMessage: "try again",
  };
  await story.receipt({ ...failure, meaning: "retry", afterMs: 50 });
  await story.receipt({ ...failure, meaning: "retry", afterMs: 50 });
  await channel.sending("re: hello", 2);
  await story.receipt({ externalId: "id-2", state: "delivered" });
  await eventually(async () =>
    expect(await rows(story)).toMatchObject([{ status: "delivered", attempts: 2 }]),
  );
  expect(await story.rows("SELECT code, reason, outcome FROM incidents")).toEqual([
    { code: "busy", reason: "try again", outcome: "retry" },
  ]);
  expect(channel.sends).toHaveLength(2);
});

test("a receipt about a closed window makes the send wait for the user, even if it arrives early", async () => {
  const channel = createGatedChannel(
    (send, nth) => send.settle({ kind: "sent", externalIds: [`id-${nth}`] }),
    {
      parks: true,
    },
  );
  await using story = await startGatedStory({ channel });
  await story.receipt({
    externalId: "id-1",
    state: "failed",
    errorCode: "window",
    errorMessage: "the window is closed",
    meaning: "parked",
  });
  await story.say("ada", "hello");
  await eventually(async () =>
    expect(await rows(story)).toEqual([{ status: "queued", error_code: "window", waits: true, attempts: 0 }]),
  );
  await story.say("ada", "still there");
  await channel.sending("re: hello", 2);
  await channel.sending("re: still there");
  await eventually(async () =>
    expect(await rows(story)).toMatchObject([{ status: "sent" }, { status: "sent" }]),
  );
});

test("a permanent failure stays failed, and too many temporary failures become permanent", async () => {
  const channel = createGatedChannel((send, nth) =>
    send.settle({ kind: "sent", externalIds: [`${send.part.address}-${nth}`] }),
  );
  await using story = await startGatedStory({ channel });
  for (const chat of ["ada", "bob"]) {
    await story.say(chat, "hello");
    await eventually(async () =>
      expect(
        await story.rows("SELECT 1 FROM deliveries WHERE address = $1 AND status = 'sent'", [chat]),
      ).toHaveLength(1),
    );
  }
  await story.rows("UPDATE deliveries SET attempts = 12 WHERE address = 'bob'");
  await story.receipt({ externalId: "ada-1", state: "failed" });
  await story.receipt({ externalId: "bob-1", state: "failed", meaning: "retry" });
  await eventually(async () =>
    expect(await rows(story)).toMatchObject([{ status: "failed" }, { status: "failed" }]),
  );
});
