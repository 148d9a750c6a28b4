import { expect, test } from "vitest";
import { ConfigError } from "../../src/core/faults/errors.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

/** Answers with the note of its own agent version. */
const sayNote = () => createScriptedBot((call) => call.reply(call.note));
const agents = (note: string, more = {}) => ({ agent: { bot: { type: "scripted", note }, ...more } });
const VERSIONS = "SELECT number, definition->'bot'->>'note' AS note FROM agent_versions ORDER BY number";

async function answers(story: GatedStory, chat: string, text: string): Promise<string | undefined> {
  const before = story.texts(chat).length;
  await story.say(chat, text);
  return eventually(() => {
    expect(story.texts(chat).length).toBeGreaterThan(before);
    return story.texts(chat).at(-1);
  });
}

test("a changed agent becomes its next version; open sessions keep theirs, new sessions get the new one", async () => {
  await using story = await startGatedStory({ bot: sayNote(), agent: agents("one").agent });
  expect(await answers(story, "ada", "hello")).toBe("one");
  await story.app.app.reload();
  expect(await story.rows(VERSIONS)).toEqual([{ number: 1, note: "one" }]);

  await story.app.configure({ agents: agents("two") });
  await story.app.app.reload();
  expect(await story.rows(VERSIONS)).toEqual([
    { number: 1, note: "one" },
    { number: 2, note: "two" },
  ]);
  expect(await answers(story, "ada", "still there?")).toBe("one");
  expect(await answers(story, "bob", "hello")).toBe("two");
  await answers(story, "ada", "/reset");
  expect(await answers(story, "ada", "hello again")).toBe("two");
});

test("open sessions use each new version if versioning is latest", async () => {
  const latest = { versioning: "latest" };
  await using story = await startGatedStory({ bot: sayNote(), agent: agents("one", latest).agent });
  expect(await answers(story, "ada", "hello")).toBe("one");
  await story.app.configure({ agents: agents("two", latest) });
  await story.app.app.reload();
  expect(await answers(story, "ada", "hello")).toBe("two");
  const sessions = await story.app.api("GET", "/chat/sessions");
  expect(sessions.body.data).toMatchObject([{ agent_version: 2 }]);
});

test("a restart publishes nothing unchanged, and sessions keep their version", async () => {
  await using database = await createTestDatabase();
  for (const [note, expected] of [
    ["one", "one"],
    ["one", "one"],
    ["two", "one"],
  ] as const) {
    await using story = await startGatedStory({ bot: sayNote(), agent: agents(note).agent, database });
    expect(await answers(story, "ada", "hello")).toBe(expected);
  }
  await using story = await startGatedStory({ bot: sayNote(), agent: agents("two").agent, database });
  expect((await story.rows(VERSIONS)).map(({ note }) => note)).toEqual(["one", "two"]);
});

test("a reload of a bad configuration names every problem and changes nothing", async () => {
  await using story = await startGatedStory({ bot: sayNote(), agent: agents("one").agent });
  await story.app.configure({
    agents: {
      agent: { bot: { type: "scripted", note: 5 }, turns: { policy: "hurry" } },
      more: { bot: { type: "echo" } },
    },
  });
  const refused = await story.app.app.reload().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigError);
  const paths = refused instanceof ConfigError ? refused.problems.map(({ path }) => path) : [];
  expect(paths.join("\n")).toMatch(/agents\.agent\.bot\.note/);
  expect(paths.join("\n")).toMatch(/agents\.agent\.turns\.policy/);
  expect(await story.rows(VERSIONS)).toEqual([{ number: 1, note: "one" }]);
  expect(await story.rows("SELECT slug FROM agents")).toEqual([{ slug: "agent" }]);
  expect(await answers(story, "ada", "hello")).toBe("one");
});

test("a channel added by a reload takes no messages until a restart, and the log says so", async () => {
  await using story = await startGatedStory({ bot: sayNote(), agent: agents("one").agent });
  const gated = { kind: "gated", agent: "agent" };
  await story.app.configure({ channels: { gated, another: gated } });
  await story.app.app.reload();
  await expect(story.say("ada", "hello", { channel: "another" })).rejects.toThrow("404");
  expect(story.app.log).toContainEqual(
    expect.objectContaining({
      level: "warn",
      message: "these channels change with a restart only: another (new)",
    }),
  );
  expect(await answers(story, "ada", "hello")).toBe("one");
});
