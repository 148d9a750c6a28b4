import type { KindSamples } from "../samples.ts";

export const samples: KindSamples = {
  channels: [{ name: "api", config: {}, webhook: null }],
  credentials: [{ webhook: { url: "http://127.0.0.1:8080", secret: "a-secret" } }],
  text: "callers get the reply as the bot wrote it",
};
