import { WEB_IDENTITY_SECRET } from "../../security/secrets.ts";
import type { KindSamples } from "../samples.ts";

export const samples: KindSamples = {
  channels: [{ name: "web", config: { identitySecret: WEB_IDENTITY_SECRET }, webhook: null }],
  credentials: [{ identitySecret: "identity" }],
  text: "the browser renders Markdown",
};
