import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ogg, pdf, png } from "../support/files.ts";
import { privateMessage, startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const CHAT = 777_001;

/** A private message with a photo that the fake platform holds. */
function photo(story: TelegramStory, fileId: string, content: Buffer, message: object = {}) {
  story.fake.files.set(fileId, { path: `photos/${fileId}.jpg`, content });
  const update = privateMessage(CHAT, "");
  const { text: _, ...rest } = update.message;
  return {
    ...update,
    message: { ...rest, photo: [{ file_id: fileId, file_size: content.length }], ...message },
  };
}

async function filesIn(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test("a user's file is stored unchanged, shown to the bot, and erased with its session", async () => {
  await using story = await startTelegramStory();
  const directory = join(story.app.dataDir, "attachments");

  expect(await story.post(photo(story, "cat", png, { caption: "my cat" }))).toBe(200);
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: my cat\n[image: image/png]"]));
  const [row] = await story.rows("SELECT * FROM attachments");
  expect(row).toMatchObject({ state: "stored", kind: "image", content_type: "image/png", attempts: 1 });
  expect(await filesIn(directory)).toEqual([row?.id]);

  const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
  const { body } = await story.app.api("GET", `/chat/sessions/${session?.id}/messages`);
  expect(body.data[0].attachments).toEqual([
    {
      id: row?.id,
      kind: "image",
      name: null,
      content_type: "image/png",
      bytes: png.length,
      state: "stored",
      error: null,
      url: `/api/v1/attachments/${row?.id}/content`,
    },
  ]);

  expect((await story.app.api("DELETE", `/chat/sessions/${session?.id}`)).status).toBe(204);
  await eventually(async () => expect(await filesIn(directory)).toEqual([]));
});

test("a message with only a file gets an answer, even when the file cannot be loaded", async () => {
  await using story = await startTelegramStory({ env: { CAUSEWAY_ATTACHMENT_MIB: "1" } });
  await story.post(photo(story, "voice", ogg, { photo: undefined, voice: { file_id: "voice" } }));
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: [audio: audio/ogg; codecs=opus]"]));

  // Its metadata claims a small size, but the file is large.
  const large = Buffer.concat([pdf, Buffer.alloc(1_048_577)]);
  await story.post(
    photo(story, "large", large, { photo: undefined, document: { file_id: "large", file_name: "a.pdf" } }),
  );
  await eventually(() =>
    expect(story.texts(CHAT).at(-1)).toBe(
      "You said: [attachment could not be loaded: a.pdf: it is larger than 1 MiB]",
    ),
  );

  // Telegram knows no such file.
  await story.post(photo(story, "gone", png, { photo: [{ file_id: "unknown" }] }));
  await eventually(() =>
    expect(story.texts(CHAT).at(-1)).toMatch(/could not be loaded: image: Telegram answered 400/),
  );
  expect(await story.rows("SELECT state, count(*)::int FROM attachments GROUP BY 1 ORDER BY 1")).toEqual([
    { state: "failed", count: 2 },
    { state: "stored", count: 1 },
  ]);
});

test("a bot's files follow its text in order, as links if the platform takes no files", async () => {
  const at = (name: string) => ({ url: `https://files.example.org/${name}` });
  await using story = await startTelegramStory({
    agent: {
      bot: {
        type: "script",
        replies: [
          {
            match: "both",
            say: "Here.",
            attachments: [at("map.png"), at("missing.png"), at("notes.txt"), at("a.pdf")],
          },
          { match: "only", attachments: [at("map.png")] },
        ],
      },
    },
  });
  await story.say(CHAT, "both");
  await eventually(() =>
    expect(story.texts(CHAT)).toEqual([
      "Here.",
      "<photo: https://files.example.org/map.png>",
      "missing.png: https://files.example.org/missing.png",
      "notes.txt: https://files.example.org/notes.txt",
      "<document: https://files.example.org/a.pdf>",
    ]),
  );
  await story.say(CHAT, "only");
  await eventually(() => expect(story.texts(CHAT)).toHaveLength(6));
  expect(await story.rows("SELECT content, part FROM deliveries ORDER BY ordinal")).toMatchObject([
    { content: "Here.", part: 0 },
    { part: 1 },
    { part: 2 },
    { part: 3 },
    { part: 4 },
    { part: 0, content: "map.png: https://files.example.org/map.png" },
  ]);
  const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
  const { body } = await story.app.api("GET", `/chat/sessions/${session?.id}/messages`);
  expect(body.data[1].attachments[0]).toMatchObject({
    kind: "image",
    name: "map.png",
    content_type: "image/png",
    url: "https://files.example.org/map.png",
  });
  expect(body.data[3]).toMatchObject({ content: "", attachments: [{ name: "map.png" }] });

  const sent = await story.app.api("POST", "/trigger_bot_message", {
    agent_id: "agent",
    channel: "telegram",
    identifier: String(CHAT),
    message_text: "Your ticket:",
    attachments: [{ url: "https://files.example.org/ticket.pdf", name: "Ticket 7.pdf" }],
  });
  expect(sent.status).toBe(202);
  await eventually(() =>
    expect(story.texts(CHAT).slice(6)).toEqual([
      "Your ticket:",
      "<document: https://files.example.org/ticket.pdf>",
    ]),
  );
});

test("operators and callers see that a file cannot be stored, and it is stored after the repair", async () => {
  const home = await mkdtemp(join(tmpdir(), "causeway-full-"));
  // A directory cannot be created below a file.
  const place = join(home, "attachments");
  await writeFile(place, "");
  try {
    await using story = await startTelegramStory({ env: { CAUSEWAY_ATTACHMENTS: place } });
    const { url, apiKey } = story.app;
    const ready = async () => {
      const response = await fetch(`${url}/readyz`);
      const { files } = (await response.json()) as { files: unknown };
      return { status: response.status, files };
    };
    expect(await ready()).toEqual({ status: 200, files: { state: "ok", last_error: null } });
    await story.post(photo(story, "cat", png));
    await eventually(async () =>
      expect(await story.rows("SELECT state, error FROM attachments")).toEqual([
        { state: "pending", error: "it could not be kept here" },
      ]),
    );
    const trouble = "files cannot be stored: ENOTDIR";
    // Requests within a quarter of a second share one check.
    await eventually(async () =>
      expect(await ready()).toEqual({ status: 200, files: { state: "error", last_error: trouble } }),
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^causeway_failed_file_writes_total [1-9]/m);

    const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
    const refused = await fetch(`${url}/api/v1/chat/sessions/${session?.id}/attachments`, {
      method: "POST",
      headers: { "x-api-key": apiKey, "content-type": "image/png" },
      body: new Uint8Array(png),
    });
    const { error } = (await refused.json()) as { error: { code: string } };
    expect([refused.status, error.code]).toEqual([503, "file_not_kept"]);

    await rm(place);
    await eventually(async () =>
      expect(await story.rows("SELECT state, error FROM attachments WHERE message_id IS NOT NULL")).toEqual([
        { state: "stored", error: null },
      ]),
    );
    await eventually(async () => expect((await ready()).files).toEqual({ state: "ok", last_error: null }));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
