import { Agent } from "undici";
import { defineBot } from "../bot.ts";
import { answerFromEndpoint } from "./answer.ts";
import { createCancellations } from "./cancel.ts";
import { configSchema } from "./config.ts";
import { postSigned, type SignedPost } from "./post.ts";

/** Time for which an idle connection is kept for the next turn, milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** Your own bot behind a URL, in any language. The protocol: docs/webhook-bot.md. */
export const definition = defineBot({
  type: "webhook",
  configSchema,
  create: (config, { log }) => {
    const connections = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS });
    const post = (signed: SignedPost) => postSigned(config, connections, signed);
    const cancellations = createCancellations({ post, log });
    return {
      readsPrompt: config.history !== "none",
      async answer(turn, output) {
        const announce = () => cancellations.announce(turn.executionId, output.signal);
        output.signal.addEventListener("abort", announce, { once: true });
        try {
          return await answerFromEndpoint(config, post, turn, output);
        } finally {
          output.signal.removeEventListener("abort", announce);
        }
      },
      async close() {
        await cancellations.settled();
        await connections.close();
      },
    };
  },
});
