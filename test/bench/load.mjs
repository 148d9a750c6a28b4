import { setTimeout as delay } from "node:timers/promises";
import { Client } from "undici";

/** Posts updates in Telegram's form over the given number of connections, one request at a time on each. */
export function createPoster(service, connections, channel = "telegram") {
  const origin = new URL(service.url).origin;
  const clients = Array.from({ length: connections }, () => new Client(origin, { pipelining: 1 }));
  let updateId = 0;
  let next = 0;

  async function post(client, ledger, chatId, number) {
    updateId += 1;
    const { statusCode, body } = await client.request({
      method: "POST",
      path: service.path ?? `/webhooks/${channel}`,
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": service.secret },
      body: JSON.stringify(update(updateId, chatId, `m #${number}`)),
    });
    await body.dump();
    ledger.acknowledged(chatId, number, statusCode);
  }

  return {
    /** Posts as fast as possible. A chat's next message follows when its last one is acknowledged. */
    async flood(ledger, { messages, users, firstChat }) {
      const chats = Array.from({ length: Math.min(users, messages) }, (_, index) => ({
        id: firstChat + index,
        number: 0,
      }));
      let left = messages;
      await Promise.all(
        clients.map(async (client) => {
          while (left > 0) {
            const chat = chats.shift();
            // With more connections than chats, every chat already has a request on another connection.
            if (!chat) return;
            left -= 1;
            chat.number += 1;
            ledger.sent(chat.id, chat.number, performance.now());
            await post(client, ledger, chat.id, chat.number);
            chats.push(chat);
          }
        }),
      );
    },
    /**
     * Posts at a fixed rate, whatever the answers do, for a given time or until `isOver`. Latencies count from the
     * moment when each message was due.
     */
    async openLoop(ledger, { rate, seconds, users, firstChat, isOver = () => false }) {
      const startedAt = performance.now();
      const posts = [];
      const numbers = new Map();
      for (let index = 0; index < rate * seconds && !isOver(); index += 1) {
        const dueAt = startedAt + (index * 1000) / rate;
        const ahead = dueAt - performance.now();
        if (ahead > 1) await delay(ahead);
        const chatId = firstChat + (index % users);
        const number = (numbers.get(chatId) ?? 0) + 1;
        numbers.set(chatId, number);
        next = (next + 1) % clients.length;
        ledger.sent(chatId, number, dueAt);
        posts.push(post(clients[next], ledger, chatId, number));
      }
      await Promise.all(posts);
    },
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}

function update(updateId, chatId, text) {
  return {
    update_id: updateId,
    message: {
      message_id: updateId,
      date: Math.floor(Date.now() / 1000),
      chat: { id: chatId, type: "private", first_name: "Bench" },
      from: { id: chatId, is_bot: false, first_name: "Bench" },
      text,
    },
  };
}
