import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sureadhereKeys, WEBHOOK_SECRET, written } from "../channels/sureadhere-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSureadhere, startFakeSureadhere } from "../support/fake-sureadhere.ts";
import { createScriptedBot, type ScriptedBot } from "../support/scripted-bot.ts";

let fake: FakeSureadhere;
let app: TestApp;
let bot: ScriptedBot;

beforeEach(async () => {
  fake = await startFakeSureadhere();
  bot = createScriptedBot();
  app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: { coach: { bot: { type: "scripted" }, reset: { reply: "Conversation reset." } } },
    channels: { sureadhere: { kind: "sureadhere", agent: "coach", ...sureadhereKeys(fake) } },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

const inQuery = new URLSearchParams({ secret: WEBHOOK_SECRET }).toString();

/** Posts a message as SureAdhere does. Returns the status of the answer. */
async function post(body: unknown, { secret = WEBHOOK_SECRET, query = "" } = {}): Promise<number> {
  const response = await fetch(`${app.url}/webhooks/sureadhere${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(query === "" ? { "x-webhook-secret": secret } : {}) },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

const answersTo = (patient: string) =>
  fake.delivered.filter(({ patientId }) => patientId === patient).map(({ text }) => text);
const sessions = async () => (await app.api("GET", "/chat/sessions")).body.data;

describe("on SureAdhere", () => {
  test("a patient writes, resets, and gets triggered messages, all with one token", async () => {
    expect(await post(written("hello", 7))).toBe(200);
    await eventually(() => expect(answersTo("7")).toEqual(["re: hello"]));
    // The same patient, with the id as text and the secret in the URL.
    expect(await post(written("yes", "7"), { query: `?${inQuery}` })).toBe(200);
    await eventually(() => expect(answersTo("7")).toHaveLength(2));
    expect(await post(written("yes", 7))).toBe(200);
    await eventually(() => expect(answersTo("7")).toEqual(["re: hello", "re: yes", "re: yes"]));
    expect(await sessions()).toMatchObject([{ channel: "sureadhere", status: "active", external_id: "7" }]);

    await post(written(" /Reset ", 7));
    await eventually(() => expect(answersTo("7").at(-1)).toBe("Conversation reset."));
    expect(await sessions()).toHaveLength(2);
    expect(await sessions()).toContainEqual(expect.objectContaining({ end_reason: "user_reset" }));
    await post(written("hello again", 7));
    await eventually(() => expect(answersTo("7").at(-1)).toBe("re: hello again"));
    expect(await sessions()).toHaveLength(2);

    const outreach = { agent_id: "coach", channel: "sureadhere", message_text: "Time for your dose." };
    const triggered = await app.api("POST", "/trigger_bot_message", { ...outreach, identifier: "8" });
    expect(triggered.status).toBe(202);
    await eventually(() => expect(answersTo("8")).toEqual(["Time for your dose."]));
    expect(fake.requests.filter((each) => each === "token")).toHaveLength(1);
  });

  test("two patients who write at the same moment both get answers, in separate sessions", async () => {
    expect(await Promise.all([7, 8].map((id) => post(written(`I am ${id}`, id))))).toEqual([200, 200]);
    await eventually(() => {
      expect(answersTo("7")).toEqual(["re: I am 7"]);
      expect(answersTo("8")).toEqual(["re: I am 8"]);
    });
    expect(await sessions()).toHaveLength(2);
  });

  test("a limit, a failure, a revoked token and a token endpoint outage delay replies and lose none", async () => {
    fake.revokeTokens();
    fake.fail({ answer: 503 }, { endpoint: "token" });
    fake.fail({ answer: 429, headers: { "retry-after": "1" } });
    fake.fail({ answer: 500 });
    await post(written("hello", 7));
    await post(written("hello", 8));
    await eventually(
      () => {
        expect(answersTo("7")).toEqual(["re: hello"]);
        expect(answersTo("8")).toEqual(["re: hello"]);
      },
      { timeoutMs: 30_000 },
    );
  });

  test("a request without the secret gets 401 and has no effect; no secret is logged", async () => {
    expect(await post(written("hello", 7), { secret: "guess" })).toBe(401);
    expect(await post(written("hello", 7), { query: "?secret=guess" })).toBe(401);
    expect(await post({ message_text: "hello" })).toBe(400);
    expect(bot.calls).toEqual([]);
    await post(written("hello", 7), { query: `?${inQuery}` });
    await eventually(() => expect(answersTo("7")).toEqual(["re: hello"]));
    const logged = JSON.stringify(app.log);
    for (const secret of [WEBHOOK_SECRET, inQuery, fake.clientSecret, fake.tokenMark])
      expect(logged).not.toContain(secret);
  });
});
