/** A configured channel as it runs: its row's ids and what the stages need to know of its kind. */
export interface ChannelRef {
  id: string;
  workspaceId: string;
  name: string;
  kind: string;
  /** The agent that answers here, and the version new sessions are pinned to. */
  agentId: string;
  agentVersion: number;
  /** The workspace's agents by slug, for channels that choose among several. */
  agents?: ReadonlyMap<string, { id: string; version: number }>;
  sessions: "single" | "many";
  /** Whether a user's identifier is an address too, also where sessions are many. */
  addressesUsers?: boolean;
  /** Who is meant by an identifier as people write it. */
  identifierOf?(written: string): string;
  resetCommand: boolean;
  typingRefreshMs: number | null;
}
