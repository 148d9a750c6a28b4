import type { AttachmentSource } from "../../channel.ts";
import { describeFault } from "../../kit/api-fault.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig } from "./config.ts";
import type { GraphApi } from "./graph-api.ts";

/** Meta's own hosts, which store media and need the token. */
const METAS = /(^|\.)(fbsbx|facebook|fbcdn|whatsapp)\.(com|net)$/;

/** Finds media. The Graph API returns a URL for each file, valid for five minutes and protected by the same token. */
export async function findMedia(
  { config, api }: { config: MetaConfig; api: Pick<GraphApi, "mediaUrl"> },
  mediaId: string,
  signal: AbortSignal,
): Promise<AttachmentSource> {
  const found = await api.mediaUrl(mediaId, signal);
  if (found.kind === "fault") {
    const { fault } = found;
    const final = fault.kind === "refused" && fault.status < 500 && fault.status !== 429;
    return { kind: "failed", reason: describeFault(fault, metaWords), retry: !final };
  }
  const { origin, hostname } = new URL(found.url);
  const apiOrigin = new URL(config.apiBaseUrl).origin;
  const isMetas = origin === apiOrigin || METAS.test(hostname);
  return {
    kind: "found",
    url: found.url,
    ...(isMetas ? { headers: { authorization: `Bearer ${config.accessToken}` } } : {}),
    trustedOrigins: [apiOrigin],
  };
}
