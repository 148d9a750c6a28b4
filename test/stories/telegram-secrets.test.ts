import { expect, test } from "vitest";
import { BotError } from "../../src/core/faults/errors.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { privateMessage, SECRET, startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const LITERAL_KEY = "sk-written-into-the-file-4711";
const REFERENCED_KEY = "sk-from-the-environment-4712";

/** Every row of every table, as text. */
async function wholeDatabase(story: TelegramStory): Promise<string> {
  const tables = await story.rows<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'bullmq')",
  );
  const texts = await Promise.all(
    tables.map(({ name }) => story.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  );
  return texts
    .flat()
    .map(({ row }) => row)
    .join("\n");
}

test("no secret appears in a log line, a row or an answer, even after failures", async () => {
  const bot = createScriptedBot((call) => {
    if (call.texts[0] === "fail") call.fail(new BotError("down", "the bot is down", { retryable: false }));
    else call.reply("fine");
  });
  await using story = await startTelegramStory({
    agent: { bot: { type: "scripted" } },
    bots: { scripted: bot.definition },
    env: { MODEL_KEY: REFERENCED_KEY },
    agents: {
      referenced: { bot: { ...model, apiKey: "$MODEL_KEY" } },
      literal: { bot: { ...model, apiKey: LITERAL_KEY } },
    },
  });
  const secrets = [
    story.fake.token,
    "TEST-token_secret",
    SECRET,
    LITERAL_KEY,
    REFERENCED_KEY,
    story.app.apiKey,
  ];
  const answers: string[] = [];
  const read = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${story.app.url}${path}`, init);
    answers.push(`${[...response.headers].join()} ${await response.text()}`);
  };

  await story.say(1, "hello");
  await story.say(1, "fail");
  await eventually(() => expect(story.texts(1)).toHaveLength(2));
  story.fake.fail({ cut: "after" });
  await story.say(2, "the answer is lost");
  await eventually(() => expect(story.texts(2)).toEqual(["fine", "fine"]));
  story.fake.revokeToken();
  await story.say(3, "the token is refused");
  await eventually(async () => {
    const failed = await story.rows("SELECT error FROM deliveries WHERE status = 'failed'");
    expect(failed).toHaveLength(1);
  });
  await story.fake.close();
  await story.say(4, "the platform is gone");
  await eventually(() =>
    expect(story.app.log.some(({ fields }) => String(fields.error).includes("could not be reached"))).toBe(
      true,
    ),
  );
  await read("/readyz");
  await read("/metrics");
  await read("/webhooks/telegram", { method: "POST", body: JSON.stringify(privateMessage(1, "forged")) });
  for (const path of ["/agents", "/channels", "/deliveries", "/executions"]) {
    answers.push(JSON.stringify((await story.app.api("GET", path)).body));
  }

  const places = {
    rows: await wholeDatabase(story),
    log: story.app.log.map((line) => JSON.stringify(line, asLogged)).join("\n"),
    answers: answers.join("\n"),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(100);
    for (const secret of secrets) expect(text.includes(secret), `${secret} in the ${place}`).toBe(false);
  }
  // The references are there, so the search covered the right place.
  expect(places.rows).toContain("$MODEL_KEY");
});

const model = {
  type: "llm",
  provider: "openai-compatible",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "some-model",
};

/** Errors as a logger writes them, with their causes. */
function asLogged(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...value, message: value.message, stack: value.stack, cause: value.cause };
}
