import type pg from "pg";
import { expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { createDeliveryEngine, type DeliveryEngine } from "../../src/delivery/delivery-engine.ts";
import { createDeliveryRepository, type DeliveryRepository } from "../../src/delivery/delivery-repository.ts";
import { createDeskDeliveries } from "../../src/delivery/desk-delivery-repository.ts";
import { addConversation, addWorkspace } from "../api/api-rows.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase, testPool } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";

test("a delivery whose claim committed without an answer is checked again, however late the commit", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    await pool.query(
      `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
       VALUES ('delivery', $1, $2, $3, $4, 'chat', 'Hello')`,
      [home.id, row.channelId, row.sessionId, row.messageId],
    );
    // The first claim loses its connection during the commit, so its row stays locked for a moment.
    const lost = await pool.connect();
    await lost.query("BEGIN");
    await lost.query("UPDATE deliveries SET status = 'sending', attempts = 1, claimed_by = 'owner'");
    let committed: Promise<unknown> | null = null;
    const meanwhile = new Proxy(pool, {
      get: (target, key) =>
        key !== "query"
          ? Reflect.get(target, key)
          : async (statement: pg.QueryConfig | string, values?: unknown[]) => {
              const result = await target.query(statement, values);
              committed ??= lost.query("COMMIT");
              await committed;
              return result;
            },
    });
    const deliveries = createDeliveryRepository(meanwhile, { owner: "owner", sendLeaseMs: 60_000 });

    expect(await deliveries.claim(["delivery"], [], true)).toEqual({
      claimed: [],
      waiting: [{ id: "delivery", address: "chat", retryInMs: 0 }],
    });
    lost.release();
    expect((await deliveries.claim(["delivery"], ["delivery"], true)).waiting).toEqual([]);
    expect((await deliveries.claim(["delivery"], [], true)).claimed.map(({ id }) => id)).toEqual([
      "delivery",
    ]);
  } finally {
    await pool.end();
  }
});

test("a claim includes the next deliveries of its conversation in order, up to a gap, and no other conversation", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    const put = (id: string, address: string, status = "queued") =>
      pool.query(
        `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content, status, claimed_by)
         VALUES ($5, $1, $2, $3, $4, $6, 'Hello', $7, 'other')`,
        [home.id, row.channelId, row.sessionId, row.messageId, id, address, status],
      );
    for (const id of ["first", "second", "third"]) await put(id, "chat");
    await put("sending", "chat", "sending");
    await put("fourth", "chat");
    await put("elsewhere", "another chat");
    const deliveries = createDeliveryRepository(pool, { owner: "owner", sendLeaseMs: 60_000 });

    const early = await deliveries.claim(["third"], [], true);
    expect(early.claimed).toEqual([]);
    expect(early.waiting.map(({ id }) => id)).toEqual(["third"]);
    const claimed = await deliveries.claim(["first"], [], true);
    expect(claimed.claimed.map(({ id }) => id)).toEqual(["first", "second", "third"]);
    expect((await deliveries.claim(["second", "third"], ["first", "second", "third"], true)).claimed).toEqual(
      [],
    );
  } finally {
    await pool.end();
  }
});

test("a delivery that is claimed while the one before it is being recorded is sent at once", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    const put = (id: string) =>
      pool.query(
        `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
         VALUES ($5, $1, $2, $3, $4, 'chat', $5)`,
        [home.id, row.channelId, row.sessionId, row.messageId, id],
      );
    await put("first");
    const sent: string[] = [];
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const channel: Channel = {
      receive: () => Promise.reject(new Error("nothing is received here")),
      async send({ text }) {
        sent.push(text);
        if (text === "first") await answered;
        return { kind: "sent", externalIds: [text] };
      },
    };
    const repository = createDeliveryRepository(pool, { owner: "owner", sendLeaseMs: 60_000 });
    let first: Promise<void> | null = null;
    const engine = engineFor(pool, {
      // The platform answers, and the answer is recorded, between the query and its result.
      deliveries: {
        ...repository,
        async claim(ids, held, along) {
          const claim = await repository.claim(ids, held, along);
          if (ids[0] === "second") {
            answer();
            await first;
          }
          return claim;
        },
      },
      channel,
      requeue: () => Promise.reject(new Error("it would wait")),
      sendLeaseMs: 60_000,
    });
    first = engine.deliver(row.channelId, ["first"]);
    await eventually(() => expect(sent).toEqual(["first"]));
    await put("second");
    await engine.deliver(row.channelId, ["second"]);
    expect(sent).toEqual(["first", "second"]);
  } finally {
    await pool.end();
  }
});

test("deliveries of a claim whose answer was lost are sent, though no job names them any more", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    for (const id of ["first", "second"]) {
      await pool.query(
        `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content)
         VALUES ($5, $1, $2, $3, $4, 'chat', $5)`,
        [home.id, row.channelId, row.sessionId, row.messageId, id],
      );
    }
    let lost = 0;
    const lossy = new Proxy(pool, {
      get: (target, key) =>
        key !== "query"
          ? Reflect.get(target, key)
          : async (statement: pg.QueryConfig | string, values?: unknown[]) => {
              const result = await target.query(statement, values);
              const claims = typeof statement === "object" && statement.name === "claim_along";
              if (claims && lost++ === 0) throw new Error("Connection terminated unexpectedly");
              return result;
            },
    });
    const sent: string[] = [];
    const repository = createDeliveryRepository(lossy, { owner: "owner", sendLeaseMs: 600_000 });
    const engine = engineFor(pool, {
      deliveries: repository,
      channel: {
        receive: () => Promise.reject(new Error("nothing is received here")),
        async send({ text }) {
          sent.push(text);
          return { kind: "sent", externalIds: [text] };
        },
      },
      // A job with a delay never comes, because the queue was wiped.
      requeue: async (channelId, ids, delayMs) => {
        if (delayMs === 0) await engine.deliver(channelId, ids);
      },
      sendLeaseMs: 600_000,
    });
    // This job comes too early, so the next claim also takes the deliveries behind.
    await engine.deliver(row.channelId, ["second"]);
    await engine.deliver(row.channelId, ["first"]);
    expect(lost).toBeGreaterThan(0);
    await eventually(async () =>
      expect(
        (
          await pool.query(
            "SELECT content, status, attempts FROM deliveries WHERE address = 'chat' ORDER BY ordinal",
          )
        ).rows,
      ).toEqual([
        { content: "first", status: "sent", attempts: 1 },
        { content: "second", status: "sent", attempts: 1 },
      ]),
    );
    expect(sent).toEqual(["first", "second"]);
  } finally {
    await pool.end();
  }
});

test("a delivery that its commit claimed is sent once, and one that it could not claim is left to its job", async () => {
  await using database = await createTestDatabase();
  const pool = testPool(database.url);
  try {
    const home = await addWorkspace(pool);
    const row = await addConversation(pool, home);
    const add = (id: string, status: string) =>
      pool.query(
        `INSERT INTO deliveries (id, workspace_id, channel_id, session_id, message_id, address, content, status,
           attempts, claimed_by, claimed_until)
         VALUES ($5, $1, $2, $3, $4, 'chat', $5, $6, 1, 'owner', now() + interval '1 hour')`,
        [home.id, row.channelId, row.sessionId, row.messageId, id, status],
      );
    const sent: string[] = [];
    let answer = () => {};
    const repository = createDeliveryRepository(pool, { owner: "owner", sendLeaseMs: 600_000 });
    let takesBack: Promise<void> | null = null;
    let taken = 0;
    const engine = engineFor(pool, {
      deliveries: {
        ...repository,
        async releaseOthers(held) {
          taken += 1;
          await takesBack;
          return await repository.releaseOthers(held);
        },
      },
      channel: {
        receive: () => Promise.reject(new Error("nothing is received here")),
        async send({ text }) {
          sent.push(text);
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
          return { kind: "sent", externalIds: [text] };
        },
      },
      requeue: async () => {},
      sendLeaseMs: 600_000,
    });
    const claim = engine.committed.reserve(row.channelId, ["claimed", "behind"]);
    const lost = engine.committed.reserve(row.channelId, ["lost"]);
    await add("claimed", "sending");
    await add("behind", "sending");
    // Its answer is on the way, so these rows look like claims whose answer was lost.
    await engine.recover();
    const plain = {
      ...CLAIMED,
      channelId: row.channelId,
      sessionId: row.sessionId,
      messageId: row.messageId,
    };
    claim?.begin(["claimed", "behind"].map((id) => ({ ...plain, id, content: id })));
    await eventually(() => expect(sent).toEqual(["claimed"]));
    expect(engine.committed.areSending(["claimed", "behind"])).toBe(true);
    await engine.deliver(row.channelId, ["claimed"]);
    await engine.recover();
    answer();
    await eventually(() => expect(sent).toEqual(["claimed", "behind"]));
    answer();
    await engine.committed.ended(["claimed", "behind"]);
    expect(engine.committed.areSending(["behind"])).toBe(false);

    await add("lost", "sending");
    lost?.release();
    const job = engine.deliver(row.channelId, ["lost"]);
    await eventually(() => expect(sent).toEqual(["claimed", "behind", "lost"]));
    answer();
    await job;
    const { rows } = await pool.query(
      "SELECT id, status, attempts, possible_duplicate FROM deliveries WHERE address = 'chat' ORDER BY ordinal",
    );
    expect(rows).toEqual(
      ["claimed", "behind", "lost"].map((id) => ({
        id,
        status: "sent",
        attempts: 1,
        possible_duplicate: false,
      })),
    );
    expect(engine.committed.reserve(row.channelId, Array(65).fill("too many at once"))).toBeNull();

    // The statement that takes back lost claims knows only the deliveries that were claimed when it was sent.
    let arrives = () => {};
    takesBack = new Promise((resolve) => {
      arrives = resolve;
    });
    const before = taken;
    const recovered = engine.recover();
    await eventually(() => expect(taken).toBe(before + 1));
    expect(engine.committed.reserve(row.channelId, ["would be taken back"])).toBeNull();
    arrives();
    await recovered;

    const late = engine.committed.reserve(row.channelId, ["late"]);
    await add("late", "sending");
    await engine.drain();
    expect(engine.committed.reserve(row.channelId, ["after the stop"])).toBeNull();
    late?.begin([{ ...plain, id: "late", content: "late" }]);
    await engine.recover();
    expect(
      (await pool.query("SELECT status, possible_duplicate FROM deliveries WHERE id = 'late'")).rows,
    ).toEqual([{ status: "queued", possible_duplicate: false }]);
    expect(sent).not.toContain("late");
  } finally {
    await pool.end();
  }
});

const CLAIMED = {
  desk: null,
  address: "chat",
  part: 0,
  format: null,
  preview: null,
  buttons: [],
  file: null,
  attempts: 1,
  possibleDuplicate: false,
  createdAt: new Date(),
  answers: null,
  earlier: null,
};

/** An engine that records in these rows and sends through one channel. */
function engineFor(
  pool: pg.Pool,
  given: {
    deliveries: DeliveryRepository;
    channel: Channel;
    requeue(channelId: string, ids: string[], delayMs: number): Promise<void>;
    sendLeaseMs: number;
  },
): DeliveryEngine {
  const { deliveries, channel, requeue, sendLeaseMs } = given;
  return createDeliveryEngine({
    rows: {
      deliveries,
      record: async (record) => (await deliveries.record([record]))[0] ?? false,
      unclaimed: async (_, externalIds) => [...externalIds],
      alsoKnownAs: async () => undefined,
      userUnreachable: async () => {},
    },
    platforms: {
      channel: () => channel,
      isIdempotent: () => false,
      files: { linkTo: (id) => `https://files.example.org/${id}`, read: async () => null },
      desks: {
        ...createDeskDeliveries(pool),
        linkToConversation: (id) => `http://localhost/console/conversations/${id}`,
      },
    },
    queues: { requeue, pauseQueue: async () => {} },
    on: { recorded: () => {}, channelError: () => {}, deskError: () => undefined },
    times: { sendTimeoutMs: 10_000, sendLeaseMs },
    log: quietLog(),
  });
}
