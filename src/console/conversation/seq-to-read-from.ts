import type { Message } from "../server/wire.ts";

/** The sound of a message older than this is not being transcribed any more. */
const HEARD_WITHIN_MS = 15 * 60_000;
const LOOKED_BACK = 20;

/** The seq after which messages are new, or may have changed: a voice message gets its text later. Pure. */
export function seqToReadFrom(messages: readonly Message[], now = Date.now()): number {
  const changing = messages
    .slice(-LOOKED_BACK)
    .find(
      ({ role, attachments, metadata, created_at: at }) =>
        role === "user" &&
        attachments.some(({ kind, state }) => kind === "audio" || state === "pending") &&
        metadata["transcription"] === undefined &&
        now - Date.parse(at) < HEARD_WITHIN_MS,
    );
  return changing ? changing.seq - 1 : (messages.at(-1)?.seq ?? 0);
}
