import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

// One application for all runs. Each run has its own users, so that runs do not affect each other.
let single: GatedStory;
let many: GatedStory;
let run = 0;

beforeAll(async () => {
  single = await startGatedStory();
  many = await startGatedStory({
    channel: createGatedChannel(undefined, { sessions: "many", resetCommand: false }),
  });
});

afterAll(async () => {
  await single[Symbol.asyncDispose]();
  await many[Symbol.asyncDispose]();
});

interface Post {
  user: number;
  message: number;
}

/** The arriving messages: of several users, some repeated, in bursts of simultaneous requests. */
const bursts = fc.array(
  fc.array(fc.record<Post>({ user: fc.nat({ max: 3 }), message: fc.nat({ max: 5 }) }), {
    minLength: 1,
    maxLength: 12,
  }),
  { minLength: 1, maxLength: 4 },
);

const runs = { numRuns: 25, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false };

const LANES = `SELECT s.address, array_agg(m.seq ORDER BY m.seq) AS seqs,
    array_agg(m.content ORDER BY m.seq) FILTER (WHERE m.role = 'user') AS asked,
    array_agg(m.content ORDER BY m.turn_seq, m.seq) FILTER (WHERE m.role = 'assistant') AS answered
  FROM sessions s JOIN messages m ON m.session_id = s.id WHERE s.status = 'active' AND s.address LIKE $1
  GROUP BY s.id, s.address ORDER BY s.address`;

interface LaneRow extends Record<string, unknown> {
  address: string;
  seqs: number[];
  asked: string[];
  answered: string[] | null;
}

/** Posts every burst in parallel, one burst after another. Then it checks the result of each conversation. */
async function tell(story: GatedStory, name: string, told: Post[][], threads: boolean): Promise<void> {
  for (const burst of told) {
    await Promise.all(
      burst.map(({ user, message }) => {
        const address = `${name}-${user}`;
        const options = { key: `${address}/${message}`, ...(threads ? { thread: address } : {}) };
        return story.say(threads ? name : address, `message ${message}`, options);
      }),
    );
  }
  const expected = new Map<string, Set<string>>();
  for (const { user, message } of told.flat()) {
    const address = `${name}-${user}`;
    expected.set(address, (expected.get(address) ?? new Set()).add(`message ${message}`));
  }
  await eventually(() => {
    for (const [address, texts] of expected) expect(story.texts(address)).toHaveLength(texts.size);
  });
  const lanes = await story.rows<LaneRow>(LANES, [`${name}-%`]);
  // Each conversation has exactly one active session.
  expect(lanes.map(({ address }) => address)).toEqual([...expected.keys()].toSorted());
  for (const { address, seqs, asked, answered } of lanes) {
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(asked.toSorted()).toEqual([...(expected.get(address) ?? [])].toSorted());
    expect(answered).toEqual(asked.map((text) => `re: ${text}`));
    expect(story.texts(address)).toEqual(answered);
  }
}

test("each user has one gapless session and one answer per message in order, whatever the order and repetitions", async () => {
  await fc.assert(
    fc.asyncProperty(bursts, (told) => tell(single, `run${++run}`, told, false)),
    runs,
  );
  expect(await single.rows("SELECT 1 FROM deliveries WHERE possible_duplicate")).toEqual([]);
});

test("each thread of one user has one gapless session and one answer per message, in order", async () => {
  await fc.assert(
    fc.asyncProperty(bursts, (told) => tell(many, `run${++run}`, told, true)),
    runs,
  );
  expect(await many.rows("SELECT count(*)::int AS people FROM users")).toEqual([
    { people: (await many.rows("SELECT DISTINCT user_id FROM sessions")).length },
  ]);
});

test("every message gets one answer in the session it belongs to, wherever resets come in between", async () => {
  const script = fc.array(fc.constantFrom("text", "text", "/reset"), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(script, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (users, together) => {
        const name = `reset${++run}`;
        await Promise.all(
          users.map(async (texts, user) => {
            const chat = `${name}-${user}`;
            const messages = texts.map((text, n) => ({
              chat,
              key: `${chat}/${n}`,
              text: text === "text" ? `message ${n}` : text,
            }));
            if (together) return single.sayTogether(messages);
            for (const { text, key } of messages) await single.say(chat, text, { key });
          }),
        );
        for (const [user, texts] of users.entries()) {
          const chat = `${name}-${user}`;
          const answers = texts.map((text, n) =>
            text === "text" ? `re: message ${n}` : "Conversation reset.",
          );
          await eventually(() => expect(single.texts(chat)).toEqual(answers));
          const sessions = await single.rows<{ status: string }>(
            "SELECT status FROM sessions WHERE address = $1 ORDER BY status",
            [chat],
          );
          const resets = texts.filter((text) => text === "/reset").length;
          expect(sessions.map(({ status }) => status)).toEqual([
            "active",
            ...Array(resets).fill("completed"),
          ]);
        }
        const gaps = await single.rows(
          `SELECT s.id FROM sessions s JOIN messages m ON m.session_id = s.id WHERE s.address LIKE $1
         AND s.status = 'active' GROUP BY s.id HAVING max(m.seq) <> count(*)`,
          [`${name}-%`],
        );
        expect(gaps).toEqual([]);
      },
    ),
    runs,
  );
});
