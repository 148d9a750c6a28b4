import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { recording, type SpeechServer, startSpeechServer, voiceNote } from "../support/speech-server.ts";
import { privateMessage, startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const CHAT = 777_001;
let files = 0;

const listensTo = (speech: SpeechServer, more: object = {}) => ({
  listen: { baseUrl: speech.baseUrl, apiKey: "speech-key-123456", model: "whisper-1", ...more },
});

/** A voice message as Telegram posts it. */
function voice(story: TelegramStory, content: Buffer, message: object = {}) {
  files += 1;
  const fileId = `voice-${files}`;
  story.fake.files.set(fileId, { path: `voice/${fileId}.oga`, content });
  const update = privateMessage(CHAT, "");
  const { text: _, ...rest } = update.message;
  return { ...update, message: { ...rest, voice: { file_id: fileId, mime_type: "audio/ogg" }, ...message } };
}

const say = (story: TelegramStory, words: string) => story.post(voice(story, voiceNote(words)));

async function messages(story: TelegramStory) {
  return story.rows("SELECT content, origin, metadata, payload FROM messages ORDER BY session_id, seq");
}

async function why(story: TelegramStory, content: string): Promise<string> {
  const [row] = await story.rows<{ id: string }>("SELECT id FROM messages WHERE content LIKE $1", [content]);
  const { body } = await story.app.api("GET", `/messages/${row?.id}/trail`);
  return JSON.stringify(body);
}

test("a voice message is answered by its transcript, and no later text overtakes it", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: { bot: { type: "echo" }, speech: listensTo(speech, { language: "en", prompt: "Causeway" }) },
  });
  let release = () => {};
  const held = new Promise<null>((resolve) => {
    release = () => resolve(null);
  });
  speech.instead(() => held);
  expect(await say(story, "I feel fine today")).toBe(200);
  await eventually(() => expect(speech.heard).toHaveLength(1));
  await story.say(CHAT, "and you?");
  await eventually(async () => expect(await messages(story)).toHaveLength(2));
  expect(story.texts(CHAT)).toEqual([]);
  release();

  await eventually(() =>
    expect(story.texts(CHAT)).toEqual(["You said: I feel fine today", "You said: and you?"]),
  );
  expect(speech.heard).toEqual([
    {
      fields: { model: "whisper-1", response_format: "verbose_json", language: "en", prompt: "Causeway" },
      fileName: "voice.ogg",
      authorization: "Bearer speech-key-123456",
    },
  ]);
  const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
  const { body } = await story.app.api("GET", `/chat/sessions/${session?.id}/messages`);
  expect(body.data[0]).toMatchObject({
    role: "user",
    content: "I feel fine today",
    metadata: { transcription: { model: "whisper-1", language: "english", seconds: 2 } },
    attachments: [{ kind: "audio", state: "stored" }],
  });
  expect(await why(story, "I feel fine%")).toContain(
    "The voice message became words (17 characters), by whisper-1.",
  );
  expect(JSON.stringify(story.app.log)).not.toContain("speech-key-123456");

  // A caption stays unchanged, in front of the transcript.
  await story.post(voice(story, voiceNote("the second verse"), { caption: "Listen:" }));
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("You said: Listen:\n\nthe second verse"));
});

test("spoken commands, choices and requests for a person work like written ones", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: {
      bot: {
        type: "script",
        replies: [
          {
            match: "start",
            say: "Shall we?",
            buttons: [{ label: "Yes, please", payload: "go" }, { label: "No" }],
          },
        ],
        sequence: [{ say: "Fine." }],
      },
      handoff: { userWords: ["/human"], texts: { requested: "I get a person." } },
      reset: { reply: "All new." },
      speech: listensTo(speech),
    },
  });
  await say(story, "start");
  await eventually(() => expect(story.texts(CHAT)).toHaveLength(1));
  await say(story, "Yes please.");
  await eventually(() => expect(story.texts(CHAT)).toHaveLength(2));
  expect(await messages(story)).toMatchObject([
    { content: "start" },
    { origin: "bot" },
    { content: "Yes please.", payload: "go", origin: "user" },
    { origin: "bot" },
  ]);

  await say(story, "Slash reset.");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("All new."));
  const sessions = await story.rows("SELECT status, end_reason FROM sessions ORDER BY created_at");
  expect(sessions).toEqual([
    { status: "completed", end_reason: "user_reset" },
    { status: "active", end_reason: null },
  ]);
  expect(await why(story, "/reset")).toContain("The user said /reset.");

  await say(story, "Human!");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("I get a person."));
  const [handoff] = await story.rows("SELECT state FROM handoffs");
  expect(handoff).toEqual({ state: "requested" });
});

test("the bot gets a note about sound that cannot be transcribed, with the reason in the trail", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: {
      bot: { type: "echo" },
      speech: listensTo(speech),
      turns: { attempts: 2, backoffMs: 10 },
    },
  });
  const unheard = (reason: string) => `You said: [voice message that could not be heard: ${reason}]`;
  const hears = async (reason: string) => {
    await eventually(() => expect(story.texts(CHAT).at(-1)).toBe(unheard(reason)));
    return why(story, `%${reason}%`);
  };

  await say(story, "");
  expect(await hears("there are no words in it")).toContain("(no_words)");
  await story.post(voice(story, voiceNote("an hour", 3600)));
  await hears("it lasts 60 min, and at most 15 min are heard");
  expect(speech.heard).toHaveLength(1);
  await story.post(voice(story, voiceNote(""), { voice: { file_id: "nowhere" } }));
  await eventually(() =>
    expect(story.texts(CHAT).at(-1)).toContain("could not be heard: Telegram answered 400"),
  );

  speech.instead(() => ({ status: 400, body: { error: { message: "Invalid file format." } } }));
  await say(story, "never heard");
  expect(await hears("its sound cannot be read")).toContain("Invalid file format.");

  speech.instead(() => ({ body: { words: ["wrong", "shape"] } }));
  const before = speech.heard.length;
  await say(story, "wrong shape");
  expect(await hears("it could not be turned into words now")).toContain(
    "answered something else than words",
  );
  expect(speech.heard).toHaveLength(before + 2);
});

test("an unreachable speech server is asked again, and a spent budget sends it nothing", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: {
      bot: { type: "echo" },
      speech: listensTo(speech),
      turns: { backoffMs: 10 },
      budgets: { limits: [{ per: "user", window: "1d", messages: 1 }], reply: "Enough for today." },
    },
  });
  speech.instead((_, call) =>
    call < 3 ? { status: 503, body: "busy", headers: { "retry-after": "0" } } : null,
  );
  await say(story, "once more");
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: once more"]));
  expect(speech.heard).toHaveLength(3);
  expect(await story.rows("SELECT title FROM sessions")).toEqual([{ title: "once more" }]);
  const trail = await why(story, "once more");
  expect(trail).toContain("Attempt 1 to hear the voice message failed and was repeated");
  expect(trail).toContain('cannot answer now (503): \\"busy\\". (server_unavailable)');

  await say(story, "too much");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("Enough for today."));
  expect(speech.heard).toHaveLength(3);
});

test("a voice message of a stopped process is transcribed once by the next process", async () => {
  await using database = await createTestDatabase();
  await using speech = await startSpeechServer();
  const agent = { bot: { type: "echo" }, speech: listensTo(speech) };
  let release = () => {};
  const held = new Promise<null>((resolve) => {
    release = () => resolve(null);
  });
  speech.instead((_, call) => (call === 1 ? held : null));
  const directory = await mkdtemp(join(tmpdir(), "causeway-voice-"));
  const env = { CAUSEWAY_ATTACHMENTS: directory };
  const first = await startTelegramStory({ database, agent, env, times: { stopGraceMs: 100 } });
  try {
    await say(first, "hold on");
    await eventually(() => expect(speech.heard).toHaveLength(1));
    await first.say(CHAT, "later");
    await first.app.stop();
  } finally {
    release();
    await first[Symbol.asyncDispose]();
  }
  expect(first.texts(CHAT)).toEqual([]);

  await using second = await startTelegramStory({ database, agent, env });
  await eventually(() => expect(second.texts(CHAT)).toEqual(["You said: hold on", "You said: later"]));
  expect(speech.heard).toHaveLength(2);
  expect(await second.rows("SELECT listen_attempts FROM messages WHERE content = 'hold on'")).toEqual([
    { listen_attempts: 2 },
  ]);
  await rm(directory, { recursive: true });
});

test("a cancel and a reset do not wait for a speech server that hangs", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: { bot: { type: "echo" }, speech: listensTo(speech), reset: { reply: "All new." } },
  });
  speech.instead(() => new Promise(() => {}));
  await say(story, "never heard");
  await eventually(() => expect(speech.heard).toHaveLength(1));
  const [execution] = await story.rows<{ id: string }>("SELECT id FROM executions");
  expect((await story.app.api("POST", `/executions/${execution?.id}/cancel`)).status).toBeLessThan(300);
  await eventually(async () =>
    expect(await story.rows("SELECT status, error_code FROM executions")).toEqual([
      { status: "cancelled", error_code: "cancelled" },
    ]),
  );
  await say(story, "never heard either");
  await eventually(() => expect(speech.heard).toHaveLength(2));
  await story.say(CHAT, "/reset");
  await eventually(() => expect(story.texts(CHAT)).toEqual(["All new."]));
});

test("a browser recording sent over the API is transcribed, and a spoken reset works as a written one", async () => {
  await using speech = await startSpeechServer();
  await using app = await startTestApp({
    agents: { echo: { bot: { type: "echo" }, speech: listensTo(speech), reset: { reply: "All new." } } },
  });
  const session = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
  const send = async (words: string) => {
    const upload = await fetch(`${app.url}/api/v1/chat/sessions/${session.body.id}/attachments`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.apiKey}`, "content-type": "audio/webm;codecs=opus" },
      body: new Uint8Array(recording(words)),
    });
    const { id, kind } = (await upload.json()) as { id: string; kind: string };
    expect(kind).toBe("audio");
    return app.api("POST", `/chat/sessions/${session.body.id}/messages`, {
      content: "",
      attachment_ids: [id],
    });
  };
  expect(await send("good morning")).toMatchObject({
    status: 201,
    body: { content: "You said: good morning" },
  });
  expect(speech.heard).toMatchObject([{ fileName: "voice.webm" }]);
  expect(await send("Reset")).toMatchObject({
    status: 201,
    body: { content: "All new.", origin: "notice" },
  });
});
