import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Characters that go to the socket together. A write for each message would cost more than reading it. */
const TOGETHER = 16_384;

/** Writes texts as fast as the client reads them, and ends the response. Stops without a fault if the client leaves. */
export async function writeChunks(
  chunks: AsyncIterable<string>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  let waiting = "";
  for await (const chunk of chunks) {
    waiting += chunk;
    if (waiting.length < TOGETHER) continue;
    if (signal.aborted) return;
    if (!response.write(waiting)) await once(response, "drain", { signal }).catch(() => undefined);
    waiting = "";
  }
  response.end(waiting);
}
