import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

createServer(async (request, response) => {
  const body = await text(request);
  const [, time, sent] = /^t=(\d+),v1=(\w{64})$/.exec(request.headers["x-causeway-signature"]) ?? [];
  const expected = createHmac("sha256", process.env.BOT_SECRET).update(`${time}.${body}`).digest("hex");
  const fresh = Math.abs(Date.now() / 1000 - time) < 300;
  if (!fresh || !timingSafeEqual(Buffer.from(sent), Buffer.from(expected))) {
    return response.writeHead(401).end();
  }
  const { type, messages, participant_data } = JSON.parse(body);
  if (type !== "turn") return response.writeHead(204).end();
  response.setHeader("content-type", "application/json");
  if (messages.some(({ content }) => /\bhuman\b/i.test(content))) {
    const handoff = { reason: "The user asks for a person." };
    return response.end(JSON.stringify({ messages: [{ content: "I am getting a person." }], handoff }));
  }
  const visits = (participant_data.visits ?? 0) + 1;
  const content = `Hello number ${visits}! You wrote: ${messages.map((message) => message.content).join(" ")}`;
  response.end(JSON.stringify({ messages: [{ content }], set_participant_data: { visits } }));
}).listen(process.env.PORT ?? 8080);
