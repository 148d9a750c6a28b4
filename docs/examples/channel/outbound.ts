import type { Channel } from "../../../src/channels/channel.ts";
import type { HttpClient } from "../../../src/channels/http-client.ts";
import { toPlainText } from "../../../src/core/text/markdown/plain-text.ts";
import type { Config } from "./config.ts";
import { resultOf } from "./errors.ts";

/** Sends texts to Pebble. Every outcome is a value, never an exception. */
export function createSend(client: HttpClient, { apiUrl, token }: Config): Channel["send"] {
  return async ({ address, text, deliveryId }, signal) => {
    const outcome = await client.call({
      method: "POST",
      url: new URL("/messages", apiUrl),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ to: address, text: toPlainText(text) }),
      timeoutMs: 15_000,
      signal,
    });
    return resultOf(outcome, deliveryId);
  };
}
