import type { AttachmentSource } from "../../channel.ts";
import { describeFault } from "../errors.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig } from "./config.ts";
import type { GraphApi } from "./graph-api.ts";

/** Hosts of Meta's own that keep media and want the token. */
const METAS = /(^|\.)(fbsbx|facebook|fbcdn|whatsapp)\.(com|net)$/;

/** Where media are: the Graph API tells an address for each, good for five minutes, behind the same token. */
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
