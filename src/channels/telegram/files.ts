import type { Api } from "grammy";
import type { AttachmentSource } from "../channel.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";

/** grammY's type of an abort signal. Node's own signal works but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

/**
 * Finds the URL of a file. The Bot API returns a path for it (getFile), valid for an hour, up to 20 MB. The URL
 * contains the token, as every URL of the Bot API does.
 */
export function createFiles({ api, config }: { api: Api; config: TelegramConfig }) {
  const root = config.apiRoot.replace(/\/+$/, "");

  return async function fetchAttachment(fileId: string, signal: AbortSignal): Promise<AttachmentSource> {
    try {
      const { file_path: path } = await api.getFile(fileId, signal as GrammySignal);
      // A Bot API server in its local mode returns a path on its own disk.
      if (path === undefined || path.startsWith("/")) {
        return { kind: "failed", reason: "Telegram does not serve this file by https", retry: false };
      }
      const address = path.split("/").map(encodeURIComponent).join("/");
      return {
        kind: "found",
        url: `${root}/file/bot${config.token}/${address}`,
        trustedOrigins: [new URL(root).origin],
      };
    } catch (error) {
      const fault = readFault(error, config.token);
      // 400 means that the file is too big or gone, so another try changes nothing.
      const refused = fault.kind === "refused" && fault.status < 500 && fault.status !== 429;
      return { kind: "failed", reason: describeFault(fault), retry: !refused };
    }
  };
}
