import type { WebClient } from "@slack/web-api";
import type { AttachmentSource } from "../channel.ts";
import { describeFault, readFault } from "./errors.ts";

/** A file as an attachment's platform id: `F0123`, or `T0123/F0123` with several workspaces. */
export function toFileId(team: string | null, file: string): string {
  return team === null ? file : `${team}/${file}`;
}

export interface FilesDeps {
  clientOf(team: string | null): Promise<WebClient | null>;
  /** The configured URL of the Web API. Files at this origin also get the token. */
  apiUrl: string;
}

/**
 * Finds files. Slack protects them with the bot's token (files.info, scope `files:read`). The token goes only to
 * Slack's own hosts. A file on another host is fetched without it.
 */
export function createFiles({ clientOf, apiUrl }: FilesDeps) {
  const apiOrigin = new URL(apiUrl).origin;
  const isSlacks = ({ hostname, origin }: URL) =>
    origin === apiOrigin || hostname === "slack.com" || hostname.endsWith(".slack.com");

  return async function fetchAttachment(platformId: string): Promise<AttachmentSource> {
    const [, team = null, id = ""] = /^(?:(\w+)\/)?(\w+)$/.exec(platformId) ?? [];
    try {
      const client = await clientOf(team);
      if (client === null)
        return { kind: "failed", reason: "the app is not installed there any more", retry: false };
      const { file } = await client.files.info({ file: id });
      const address = file?.url_private_download ?? file?.url_private;
      if (address === undefined || !URL.canParse(address)) {
        return { kind: "failed", reason: "Slack says nowhere where the file is", retry: false };
      }
      const bearer = isSlacks(new URL(address))
        ? { headers: { authorization: `Bearer ${client.token}` } }
        : {};
      const isPage = file?.mimetype === "text/html";
      return {
        kind: "found",
        url: address,
        ...bearer,
        trustedOrigins: [apiOrigin],
        ...(isPage ? {} : { ifHtml: SIGN_IN }),
      };
    } catch (error) {
      const fault = readFault(error);
      const final = fault.kind === "refused" || (fault.kind === "http" && fault.status < 500);
      return { kind: "failed", reason: describeFault(fault), retry: !final };
    }
  };
}

const SIGN_IN = "Slack asked to sign in instead of giving the file; the app needs the scope files:read";
