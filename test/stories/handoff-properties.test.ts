import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

// One application for all runs. Each run has its own user.
let story: GatedStory;
let run = 0;

beforeAll(async () => {
  // The test decides when a turn ends.
  story = await startGatedStory({ bot: createScriptedBot(() => undefined) });
});

afterAll(() => story[Symbol.asyncDispose]());

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant("message" as const) },
  { weight: 3, arbitrary: fc.constant("turn_end" as const) },
  { weight: 2, arbitrary: fc.constant("handoff" as const) },
  { weight: 2, arbitrary: fc.constant("reply" as const) },
  { weight: 1, arbitrary: fc.constant("release" as const) },
  { weight: 1, arbitrary: fc.constant("release_now" as const) },
);

/** Steps that happen at the same time, one group after another. */
const script = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 7 });

const settings = { numRuns: 20, interruptAfterTimeLimit: 25_000, markInterruptAsFailure: false };

test("in any order of messages, turn ends, handoffs and releases, no late reply is sent and no message lost", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (groups) => {
      const chat = `run${++run}`;
      const said = { user: ["opening"], people: [] as string[] };
      await story.say(chat, "opening");
      const sessionId = await eventually(async () => {
        const [row] = await story.rows<{ id: string }>("SELECT id FROM sessions WHERE address = $1", [chat]);
        return row?.id ?? "";
      });
      const act = (name: string, body: object) =>
        story.app.api("POST", `/chat/sessions/${sessionId}/handoff${name}`, body);
      const endTurns = () => {
        for (const call of story.bot.calls) {
          if (call.turn.session.id === sessionId) call.reply(`re: ${call.texts.join()}`);
        }
      };
      let count = 0;
      const steps = {
        async message() {
          const text = `${chat} message ${++count}`;
          said.user.push(text);
          await story.say(chat, text);
        },
        turn_end: async () => endTurns(),
        handoff: () => act("", {}),
        async reply() {
          const content = `${chat} person ${++count}`;
          if ((await act("/reply", { content })).status === 201) said.people.push(content);
        },
        release: () => act("/release", {}),
        release_now: () => act("/release", { resume: "now" }),
      };
      for (const group of groups) await Promise.all(group.map((name) => steps[name]()));

      // A reply of the bot comes after a handoff only if the handoff was released before it.
      const late = await story.rows(
        `SELECT m.content FROM messages m JOIN handoffs h ON h.session_id = m.session_id
         WHERE m.session_id = $1 AND m.origin = 'bot' AND m.created_at > h.requested_at
           AND (h.released_at IS NULL OR m.created_at < h.released_at)`,
        [sessionId],
      );
      expect(late).toEqual([]);

      // Afterwards the bot answers again, and knows all messages in the order of the session.
      await act("/release", {});
      const last = `${chat} the last`;
      await story.say(chat, last);
      const call = await eventually(() => {
        endTurns();
        const found = story.bot.calls.find(({ texts }) => texts.includes(last));
        if (!found) throw new Error("the last message was not asked");
        return found;
      });
      const history = (await call.turn.history()).map(({ content }) => content);
      expect(history.toSorted()).toEqual(expect.arrayContaining([...said.user, ...said.people].toSorted()));
      const stored = await story.rows<{ content: string }>(
        `SELECT content FROM messages WHERE session_id = $1 AND origin IN ('user', 'bot', 'operator')
         AND content <> ALL($2) ORDER BY turn_seq, seq`,
        [sessionId, [last, `re: ${last}`]],
      );
      expect(history).toEqual(stored.map(({ content }) => content));
      // Every message of the bot and of people is sent once.
      await eventually(async () => {
        const [row] = await story.rows<{ left: number }>(
          `SELECT count(*)::int AS left FROM deliveries WHERE session_id = $1 AND status <> 'sent'`,
          [sessionId],
        );
        expect(row?.left).toBe(0);
      });
      expect(new Set(story.texts(chat)).size).toBe(story.texts(chat).length);
    }),
    settings,
  );
});
