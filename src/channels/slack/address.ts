/** A place for messages: a thread, or the top level of a channel or of a direct conversation. */
export interface SlackPlace {
  /** The installation (a workspace, T…, or an organization, E…); null if there is only one. */
  team: string | null;
  channel: string;
  /** The timestamp of the first message of the thread. */
  threadTs: string | null;
}

/** `C0123:1712345678.123456`, or `T0123/C0123:…` with several workspaces. It also names the session. */
export function toAddress(team: string | null, channel: string, threadTs: string): string {
  return `${team === null ? "" : `${team}/`}${channel}:${threadTs}`;
}

/** The inverse of `toAddress`. A bare id is the channel or person itself. Null for any other text. */
export function parseAddress(address: string): SlackPlace | null {
  const [, team, channel, threadTs] =
    /^(?:([TE][A-Z0-9]{1,30})\/)?([CDGUW][A-Z0-9]{1,30})(?::(\d{1,12}\.\d{1,9}))?$/.exec(address) ?? [];
  return channel === undefined ? null : { team: team ?? null, channel, threadTs: threadTs ?? null };
}

/** An id behind its workspace, where the app is in several of them. */
export function inTeam(team: string | null, id: string): string {
  return team === null ? id : `${team}/${id}`;
}
