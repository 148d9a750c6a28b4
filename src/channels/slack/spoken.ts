import type { ChannelValues } from "../channel-options.ts";
import type { SlackMessage } from "./event.ts";
import { VOICE_FILE } from "./voice.ts";

/** People rate what they heard lately. */
const KEPT_MS = 90 * 24 * 60 * 60_000;

export type SpokenMessages = ReturnType<typeof createSpokenMessages>;

/**
 * Remembers which message shows a spoken reply. An upload tells only the id of its file. Slack posts the file later, and
 * the event of that message has its timestamp, by which reactions name it.
 */
export function createSpokenMessages(values: Pick<ChannelValues, "read" | "write">) {
  const keyOf = (team: string | null, channel: string, ts: string) => `spoken:${team ?? ""}:${channel}:${ts}`;
  return {
    /** Takes a message of the bot itself. */
    async note(team: string | null, { channel, ts, files = [] }: SlackMessage): Promise<void> {
      const id = files.find(({ name }) => name === VOICE_FILE)?.id;
      if (id !== undefined)
        await values.write(keyOf(team, channel, ts), Buffer.from(id), { expiresInMs: KEPT_MS });
    },

    /** The id that a send of this message returned. */
    async externalId(team: string | null, channel: string, ts: string): Promise<string> {
      const file = await values.read(keyOf(team, channel, ts));
      return `${channel}:${file === null ? ts : file.toString()}`;
    },
  };
}
