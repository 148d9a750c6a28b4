/** A place to write to: a thread, or a channel (or a person) at its top level. */
export interface SlackPlace {
  /** The installation (a workspace, T…, or an organization, E…); null where there is only one. */
  team: string | null;
  channel: string;
  /** The timestamp of the message the thread hangs on. */
  threadTs: string | null;
}

/** `C0123:1712345678.123456`, with several workspaces `T0123/C0123:…`; also what names the session. */
export function toAddress(team: string | null, channel: string, threadTs: string): string {
  return `${team === null ? "" : `${team}/`}${channel}:${threadTs}`;
}

/** The inverse of `toAddress`; a bare id is the channel or person itself. Null for anything else. */
export function parseAddress(address: string): SlackPlace | null {
  const [, team, channel, threadTs] =
    /^(?:([TE][A-Z0-9]{1,30})\/)?([CDGUW][A-Z0-9]{1,30})(?::(\d{1,12}\.\d{1,9}))?$/.exec(address) ?? [];
  return channel === undefined ? null : { team: team ?? null, channel, threadTs: threadTs ?? null };
}
