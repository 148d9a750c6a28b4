import { createServer } from "node:http";

const TEXT = "Let us take a slow breath together, and then another one.";

/** An OpenAI-compatible server that answers at once, so that only the time of the other parts is measured. */
export async function startLlmServer() {
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const chunk = (body) =>
        response.write(`data: ${JSON.stringify({ id: "c", model: "bench", ...body })}\n\n`);
      for (const word of TEXT.split(/(?<= )/)) {
        chunk({
          object: "chat.completion.chunk",
          created: 0,
          choices: [{ index: 0, delta: { content: word } }],
        });
      }
      chunk({
        object: "chat.completion.chunk",
        created: 0,
        choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
        usage: { prompt_tokens: 10, completion_tokens: 12, total_tokens: 22 },
      });
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
