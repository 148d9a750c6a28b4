import { createServer } from "node:http";

/**
 * The part of a Bot API that an echo needs. It is as light as possible, because it uses the same processors. Calls
 * `onMessage(chatId, text)` for every sent message.
 */
export async function startBotApi(onMessage) {
  let messageId = 0;
  const results = {
    getMe: () => ({ id: 1, is_bot: true, first_name: "Bench", username: "bench_bot", can_join_groups: true }),
    sendMessage(call) {
      onMessage(Number(call.chat_id), call.text);
      messageId += 1;
      return {
        message_id: messageId,
        date: 0,
        chat: { id: Number(call.chat_id), type: "private" },
        text: call.text,
      };
    },
  };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const method = request.url.slice(request.url.lastIndexOf("/") + 1);
      const result = results[method]?.(body === "" ? {} : JSON.parse(body)) ?? true;
      const answer = JSON.stringify({ ok: true, result });
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(answer),
      });
      response.end(answer);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
