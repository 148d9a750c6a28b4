/** A place to write to: a thread, or a channel (or a person) at its top level. */
export interface SlackPlace {
  channel: string;
  /** The timestamp of the message the thread hangs on. */
  threadTs: string | null;
}

/** `C0123:1712345678.123456`; also what names the session. */
export function toAddress(channel: string, threadTs: string): string {
  return `${channel}:${threadTs}`;
}

/** The inverse of `toAddress`; a bare id is the channel or person itself. Null for anything else. */
export function parseAddress(address: string): SlackPlace | null {
  const [, channel, threadTs] = /^([CDGUW][A-Z0-9]{1,30})(?::(\d{1,12}\.\d{1,9}))?$/.exec(address) ?? [];
  return channel === undefined ? null : { channel, threadTs: threadTs ?? null };
}
