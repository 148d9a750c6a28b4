import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { Causeway } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const replying = () => createScriptedBot((call) => call.reply(`re: ${call.texts.join(" + ")}`));

const startStory = (access: object, more: Parameters<typeof startGatedStory>[0] = {}) =>
  startGatedStory({
    bot: replying(),
    channels: { gated: { kind: "gated", agent: "agent", access } },
    ...more,
  });

const PAIRING = { policy: "pairing", allow: ["ada"], text: "Please wait.", codeText: "Code: {code}" };

const codeIn = (text: string | undefined) => /[2-9A-HJ-NP-Z]{8}/.exec(text ?? "")?.[0] ?? "";

/** Waits for the nth text to a conversation. */
async function nthText(story: GatedStory, chat: string, nth: number): Promise<string> {
  await eventually(() => expect(story.texts(chat).length).toBeGreaterThanOrEqual(nth));
  return story.texts(chat)[nth - 1] ?? "";
}

const requestsOf = async (story: GatedStory, query = "") =>
  (await story.app.api("GET", `/access_requests?limit=100${query}`)).body.data;

const unused = async () => {
  throw new Error("this command starts nothing");
};

/** Runs `causeway approve` at a terminal. */
async function approveAtTerminal(story: GatedStory, ...words: string[]): Promise<string> {
  const lines: string[] = [];
  await runCli(["approve", ...words, "--url", story.app.url], {
    print: (line) => void lines.push(line),
    env: { CAUSEWAY_DATA_DIR: story.app.dataDir, CAUSEWAY_API_KEY: story.app.apiKey },
    start: unused,
  });
  return lines.join("\n");
}

const clientOf = ({ app }: GatedStory) => new Causeway({ apiKey: app.apiKey, baseUrl: app.url });

const approve = (story: GatedStory, code: string) =>
  story.app.api("POST", "/access_requests/approve", { code });

describe("an access list", () => {
  it("lets listed users in, and refuses others with at most one reply a day", async () => {
    await using story = await startStory({ policy: "allowlist", allow: ["ada"], text: "Not for you." });
    await story.say("ada", "hello");
    await story.say("eve", "hello?");
    await story.say("eve", "hello??");
    expect(await nthText(story, "ada", 1)).toBe("re: hello");
    expect(await nthText(story, "eve", 1)).toBe("Not for you.");
    const [request, ...others] = await requestsOf(story);
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      identifier: "eve",
      state: "waiting",
      code: null,
      text: "hello?",
      unkept: 1,
    });
    expect(story.texts("eve")).toHaveLength(1);
    expect(story.bot.calls).toHaveLength(1);
    expect(await story.rows("SELECT identifier FROM users")).toEqual([{ identifier: "ada" }]);

    // A group gets access when a listed person writes there.
    await story.say("group", "with ada", { more: { author: { identifier: "ada" } } });
    expect(await nthText(story, "group", 1)).toBe("re: with ada");

    // A topic has access with its group.
    await story.say("topic", "in a topic", {
      more: { conversation: { address: "topic", userIdentifier: "topic", externalKey: null, partOf: "ada" } },
    });
    expect(await nthText(story, "topic", 1)).toBe("re: in a topic");

    // An operator lets in somebody who is not on the list.
    expect(await story.app.api("POST", `/access_requests/${request.id}/approve`)).toMatchObject({
      status: 200,
      body: { state: "approved", decided_by: { name: "operator", via: "api" } },
    });
    expect(await nthText(story, "eve", 2)).toBe("re: hello?");
  });

  it("answers the messages that waited once the configuration lists their sender", async () => {
    const database = await createTestDatabase();
    try {
      await using before = await startStory({ policy: "pairing" }, { database });
      await before.say("eve", "first");
      await nthText(before, "eve", 1);
      await before.app.stop();
      await using story = await startStory({ policy: "allowlist", allow: ["eve"] }, { database });
      await story.say("eve", "second");
      await eventually(() => expect(story.texts("eve")).toEqual(["re: first", "re: second"]));
      expect(await requestsOf(story)).toMatchObject([{ state: "approved", decided_by: { via: "config" } }]);
    } finally {
      await database.drop();
    }
  });
});

describe("pairing", () => {
  it("holds the first messages of a stranger, and answers them in order once the code is approved", async () => {
    await using story = await startStory(PAIRING);
    await story.say("eve", "one", { key: "k1" });
    await story.say("eve", "one", { key: "k1" });
    const first = await nthText(story, "eve", 1);
    expect(first).toMatch(/^Please wait\.\n\nCode: [2-9A-HJ-NP-Z]{8}$/);
    await story.say("eve", "two");
    expect(await nthText(story, "eve", 2)).toMatch(/^Code: /);
    await story.say("eve", "three");
    await nthText(story, "eve", 3);
    await story.say("eve", "four");
    const waiting = await requestsOf(story, "&state=waiting");
    expect(waiting.map(({ text, unkept }: { text: string; unkept: number }) => [text, unkept])).toEqual([
      ["three", 1],
      ["two", 0],
      ["one", 0],
    ]);
    expect(new Set(waiting.map(({ code }: { code: string }) => code)).size).toBe(3);
    const [messageId] = waiting[2].message_ids;
    const held = await story.app.api("GET", `/messages/${messageId}/trail`);
    expect(held.body).toMatchObject({ session_id: null, message_id: messageId });
    expect(held.body.summary).toMatch(/^Held: not let in yet\./);
    expect(story.bot.calls).toEqual([]);
    expect(await story.rows("SELECT id FROM users UNION ALL SELECT id FROM sessions")).toEqual([]);

    const code = codeIn(first);
    const answer = await approve(story, ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`);
    expect(answer).toMatchObject({ status: 200, body: { identifier: "eve", state: "approved" } });
    await eventually(() => expect(story.texts("eve").slice(3)).toEqual(["re: one", "re: two", "re: three"]));
    await story.say("eve", "five");
    expect(await nthText(story, "eve", 7)).toBe("re: five");
    await story.say("eve", "one", { key: "k1" });
    const told = await story.app.api("GET", `/messages/${messageId}/trail`);
    expect(told.body.session_id).not.toBeNull();
    expect(told.body.facts.map(({ what }: { what: string }) => what)).toContain(
      "operator (api) let the sender in.",
    );
    expect(story.bot.calls).toHaveLength(4);

    // The same decision again changes nothing, and the opposite decision is refused.
    expect(await approve(story, code)).toMatchObject({ status: 200, body: answer.body });
    expect(await approveAtTerminal(story, code.slice(0, 4), code.slice(4))).toBe(
      "eve is let in on gated. The messages that waited are answered now.",
    );
    expect(await story.app.api("POST", `/access_requests/${answer.body.id}/deny`)).toMatchObject({
      status: 409,
      body: { error: { code: "access_request_decided", details: { state: "approved" } } },
    });

    // After the grant is taken back, messages are held again.
    const grants = (await story.app.api("GET", "/access_grants?identifier=eve")).body.data;
    expect(grants).toMatchObject([{ channel: "gated", source: "request", granted_by: { via: "api" } }]);
    expect((await story.app.api("DELETE", `/access_grants/${grants[0].id}`)).status).toBe(204);
    expect((await story.app.api("DELETE", `/access_grants/${grants[0].id}`)).status).toBe(404);
    await story.say("eve", "six");
    expect(await nthText(story, "eve", 8)).toMatch(/^Code: /);

    // An erased person is a stranger again.
    const [user] = (await story.app.api("GET", "/users?identifier=eve")).body.data;
    await story.app.api("DELETE", `/users/${user.id}`);
    expect(await requestsOf(story)).toEqual([]);
    expect(await story.rows("SELECT id FROM deliveries WHERE access_request_id IS NOT NULL")).toEqual([]);
  });

  it("lets an operator deny a request, which deletes the messages that waited", async () => {
    await using story = await startStory(PAIRING);
    await story.say("eve", "hello");
    const code = codeIn(await nthText(story, "eve", 1));
    const [{ id }] = await requestsOf(story);
    const client = clientOf(story);
    expect((await client.access.requests({ state: "waiting" })).data).toEqual([
      await client.access.request(id),
    ]);
    const denied = await story.app.api("POST", `/access_requests/${id}/deny`, {});
    expect(denied).toMatchObject({ status: 200, body: { state: "denied" } });
    expect((await approve(story, code)).body.error.code).toBe("access_request_decided");
    await story.say("eve", "please");
    const trail = await story.app.api("GET", `/messages/${denied.body.message_ids[0]}/trail`);
    expect(trail.body.summary).toBe(
      "Not answered: operator (api) did not let the sender in, and the message was deleted.",
    );
    expect(story.texts("eve")).toHaveLength(1);
    expect(await story.rows("SELECT held, unkept FROM access_requests")).toEqual([{ held: null, unkept: 1 }]);

    // After a day they may ask again. A code expires after an hour.
    await story.rows("UPDATE access_requests SET decided_at = decided_at - interval '25 hours'");
    await eventually(async () => expect(await requestsOf(story)).toEqual([]));
    await story.say("eve", "again");
    const late = codeIn(await nthText(story, "eve", 2));
    await story.rows("UPDATE access_requests SET expires_at = now()");
    expect((await approve(story, late)).body.error.code).toBe("access_request_expired");
    expect(await approveAtTerminal(story, late)).toContain("gets a new code when they write again");
    await eventually(async () =>
      expect(await story.rows("SELECT state, held FROM access_requests")).toEqual([
        { state: "expired", held: null },
      ]),
    );
    expect(story.bot.calls).toEqual([]);
  });

  it("lets one key guess only a few codes, with the same answer to every wrong one", async () => {
    await using story = await startStory(PAIRING);
    await story.say("eve", "hello");
    await nthText(story, "eve", 1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => approve(story, "ABCDEFGH")));
    const refused = answers.filter(({ status }) => status === 404);
    expect(new Set(refused.map(({ body }) => body.error.message)).size).toBe(1);
    expect(refused.length).toBeLessThanOrEqual(21);
    const limited = answers.find(({ status }) => status === 429);
    expect(Number(limited?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 404 || status === 429)).toBe(true);
  });

  it("answers waiting messages once, though two processes approve at the same time and more messages arrive", async () => {
    const database = await createTestDatabase();
    try {
      await using one = await startStory(PAIRING, { database });
      await using two = await startStory(PAIRING, { database });
      await one.say("eve", "first");
      await eventually(async () => expect(await requestsOf(one)).toHaveLength(1));
      const [{ id }] = await requestsOf(one);
      const path = `/access_requests/${id}/approve`;
      const [left, right] = await Promise.all([
        one.app.api("POST", path),
        two.app.api("POST", path),
        one.say("eve", "second"),
        two.say("eve", "third"),
      ]);
      expect([left.status, right.status]).toEqual([200, 200]);
      await eventually(async () =>
        expect(await one.rows("SELECT count(*)::int AS answers FROM messages WHERE origin = 'bot'")).toEqual([
          { answers: 3 },
        ]),
      );
      expect(await one.rows("SELECT content FROM messages WHERE seq = 1")).toEqual([{ content: "first" }]);
      expect(await one.rows("SELECT count(*)::int AS grants FROM access_grants")).toEqual([{ grants: 1 }]);
    } finally {
      await database.drop();
    }
  });
});

describe("a flood of strangers", () => {
  it("never calls the bot, and keeps at most a thousand requests", async () => {
    await using story = await startStory({ policy: "pairing", allow: ["ada"] });
    await story.sayTogether(
      Array.from({ length: 1_100 }, (_, n) => ({ chat: `stranger-${n}`, text: "buy", key: `flood-${n}` })),
    );
    await story.say("ada", "still here?");
    await eventually(() => expect(story.texts("ada")).toEqual(["re: still here?"]));
    expect(await story.rows("SELECT count(*)::int AS n FROM access_requests")).toEqual([{ n: 1_000 }]);
    expect(story.bot.calls).toHaveLength(1);
  });
});
