import { expect, it } from "vitest";
import type { PromptMessage, TurnAttachment } from "../../src/bots/bot.ts";
import { kindOfType } from "../../src/core/message/attachment.ts";
import { pdf, png } from "../support/files.ts";
import { askBot } from "./ask-bot.ts";
import { beginStream, chunk, type ProviderServer, startProvider } from "./provider-server.ts";

function file(name: string, contentType: string, content: Buffer): TurnAttachment {
  return {
    id: name,
    kind: kindOfType(contentType),
    name,
    contentType,
    bytes: content.length,
    state: "stored",
    error: null,
    sourceUrl: null,
    url: `https://chat.example.org/${name}`,
    content: async () => content,
  };
}

const picture = (name = "cat.png") => file(name, "image/png", png);
const said = (content: string, ...attachments: TurnAttachment[]): PromptMessage => ({
  role: "user",
  content,
  attachments,
});

/** The messages that the model got in the newest request. */
function sent(server: ProviderServer) {
  const body = server.mock.getLastRequest()?.body;
  return body && "messages" in body && Array.isArray(body.messages) ? body.messages : [];
}

async function ask(server: ProviderServer, prompt: PromptMessage[], settings = {}) {
  server.mock.on({}, { content: "I see." });
  return askBot(server.bot(settings), "?", { prompt });
}

it("a model gets pictures, PDFs and text files together with the message", async () => {
  await using server = await startProvider();
  const files = [
    picture(),
    file("a.pdf", "application/pdf", pdf),
    file("notes.txt", "text/plain", Buffer.from("Grüße")),
    file("voice.ogg", "audio/ogg; codecs=opus", Buffer.from("OggS")),
  ];
  const { result } = await ask(server, [said("what is this?", ...files)]);
  expect(result.replies).toEqual([{ content: "I see." }]);
  expect(sent(server)).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "what is this?" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${png.toString("base64")}` } },
        {
          type: "file",
          file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${pdf.toString("base64")}` },
        },
        { type: "text", text: "Content of notes.txt:\nGrüße" },
      ],
    },
  ]);
});

it("a model gets the newest files when there are too many", async () => {
  await using server = await startProvider();
  const prompt = Array.from({ length: 10 }, (_, index) => [
    said(`picture ${index}`, picture()),
    { role: "assistant" as const, content: "nice" },
  ]);
  await ask(server, prompt.flat().slice(0, -1));
  const shown = sent(server).filter(({ role }) => role === "user");
  const parts = shown.map(({ content }) => (Array.isArray(content) ? content.length : 1));
  expect(parts).toEqual([1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
});

it("a model gets the newest files of several messages that it answers together", async () => {
  await using server = await startProvider();
  const pictures = Array.from({ length: 9 }, (_, index) => Buffer.concat([png, Buffer.from([index])]));
  const prompt = pictures.map((bytes, index) =>
    said(`picture ${index}`, file(`${index}.png`, "image/png", bytes)),
  );
  await ask(server, prompt);
  const [message, ...more] = sent(server);
  expect(more).toEqual([]);
  const [words, ...files] = Array.isArray(message?.content) ? message.content : [];
  expect(words).toEqual({ type: "text", text: pictures.map((_, index) => `picture ${index}`).join("\n\n") });
  const urls = pictures.slice(1).map((bytes) => `data:image/png;base64,${bytes.toString("base64")}`);
  expect(files).toEqual(urls.map((url) => ({ type: "image_url", image_url: { url } })));
});

it("a model gets links, or only the text, if the agent is configured so", async () => {
  await using server = await startProvider();
  await ask(server, [said("look", picture())], { attachments: "links" });
  expect(sent(server)).toEqual([{ role: "user", content: "look\nhttps://chat.example.org/cat.png" }]);
  await ask(server, [said("look", picture())], { attachments: "words" });
  expect(sent(server)).toEqual([{ role: "user", content: "look" }]);
});

it("a model that refuses files gets the text alone in a second request", async () => {
  await using server = await startProvider();
  let asked = 0;
  const { baseUrl } = server.odd((response) => {
    asked += 1;
    if (asked === 1) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "this model takes no images" } }));
      return;
    }
    beginStream(response, "You sent a picture.");
    response.end(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
  });
  const bot = server.bot({ baseUrl });
  const { result } = await askBot(bot, "?", { prompt: [said("[image: cat.png]", picture())] });
  expect(result.replies).toEqual([{ content: "You sent a picture." }]);
  expect(asked).toBe(2);
});
