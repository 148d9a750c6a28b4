import { z } from "zod";
import type { Logger } from "../../core/process/logger.ts";
import type { ChannelValues } from "../channel-options.ts";
import { sealValues } from "../kit/sealed-values.ts";
import type { SureadhereConfig } from "./config.ts";

const keptSchema = z.object({
  token: z.string(),
  /** Milliseconds since 1970. */
  untilMs: z.number(),
});

export type KeptToken = z.infer<typeof keptSchema>;

/** A token that the processes of a channel share. Without the database each process has its own. Never rejects. */
export interface SharedToken {
  read(): Promise<KeptToken | null>;
  write(token: KeptToken, expiresInMs: number): Promise<void>;
}

const KEY = "access_token";

export function createSharedToken(deps: {
  values: ChannelValues;
  config: SureadhereConfig;
  log: Logger;
}): SharedToken {
  const { clientSecret: secret, clientId, clientScope, authUrl } = deps.config;
  // A token of another client, server or scope must not open.
  const purpose = JSON.stringify(["causeway sureadhere token", authUrl, clientId, clientScope ?? null]);
  const values = sealValues(deps.values, { secret, purpose });
  const unless = async <T>(task: Promise<T>, words: string): Promise<T | null> =>
    task.catch((error: unknown) => {
      deps.log.warn({ err: error }, words);
      return null;
    });
  return {
    async read() {
      const text = await unless(values.read(KEY), "the shared access token could not be read");
      return text === null ? null : keptSchema.parse(JSON.parse(text));
    },
    async write(token, expiresInMs) {
      const written = values.write(KEY, JSON.stringify(token), { expiresInMs });
      await unless(written, "the access token could not be shared with other processes");
    },
  };
}
