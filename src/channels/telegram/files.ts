import type { Api } from "grammy";
import type { AttachmentSource } from "../channel.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";

/** What grammY calls an abort signal; Node's own fits but has another declaration. */
type GrammySignal = Parameters<Api["getMe"]>[0];

/**
 * Where files are: the Bot API tells a path for each (getFile), good for an hour, up to 20 MB. The address contains the
 * token, as every one of the Bot API does.
 */
export function createFiles({ api, config }: { api: Api; config: TelegramConfig }) {
  const root = config.apiRoot.replace(/\/+$/, "");

  return async function fetchAttachment(fileId: string, signal: AbortSignal): Promise<AttachmentSource> {
    try {
      const { file_path: path } = await api.getFile(fileId, signal as GrammySignal);
      // A Bot API server in its local mode tells a path on its own disk.
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
      // 400 says that the file is too big or gone: asking again changes nothing.
      const refused = fault.kind === "refused" && fault.status < 500 && fault.status !== 429;
      return { kind: "failed", reason: describeFault(fault), retry: !refused };
    }
  };
}
