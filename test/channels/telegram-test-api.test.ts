import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TelegramServer } from "telegram-test-api/lib/telegramServer.js";
import { expect, test } from "vitest";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import { eventually } from "../support/eventually.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { telegramChannel } from "./telegram-subject.ts";

// A Bot API server of other authors does not share our reading of the documentation. It is small (no secret header, no
// setMyCommands, no limits). So it shows only that the requests fit, and nothing about strictness.

const TOKEN = "4242:test-api-token";

async function startTestApi() {
  const server = new TelegramServer({ port: await freePort(), host: "127.0.0.1" });
  await server.start();
  return {
    server,
    user: server.getClient(TOKEN, { userId: 31, chatId: 31, firstName: "Grace", type: "private" }),
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a message polled from telegram-test-api is answered there", async () => {
  await using api = await startTestApi();
  const tools = createSubjectTools();
  const config = { mode: "polling", secretToken: undefined };
  const channel = telegramChannel(
    { url: api.server.config.apiURL, token: TOKEN },
    { config, log: tools.log },
  );
  const messages: InboundMessage[] = [];
  const context = tools.startContext();
  await channel.start?.({
    ...context,
    async accept(events) {
      for (const event of events) if (event.type === "message") messages.push(event);
    },
  });

  await api.user.sendMessage(api.user.makeMessage("hello from the other side"));
  await api.user.sendCommand(api.user.makeCommand("/start"));
  await eventually(() =>
    expect(messages.map(({ text }) => text)).toEqual(["hello from the other side", "/start"]),
  );
  const [message] = messages;
  expect(message?.conversation).toEqual({ address: "31", userIdentifier: "31", externalKey: null });

  const answer = await channel.send(partOf("31", "You said: **hello**"), AbortSignal.timeout(10_000));
  expect(answer).toMatchObject({ kind: "sent", externalIds: [expect.stringMatching(/^31:\d+$/)] });
  const { result } = await api.user.getUpdates();
  expect(result.map((update) => ("message" in update ? update.message : null))).toMatchObject([
    { chat_id: 31, text: "You said: hello", entities: [{ type: "bold", offset: 10, length: 5 }] },
  ]);
  await channel.stop?.();
  expect(context.errors).toEqual([]);
});
