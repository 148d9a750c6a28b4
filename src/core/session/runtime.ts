import type { AccessSettings } from "./access-settings.ts";

/** A running channel: the ids of its row, and the properties of its kind that the stages need. */
export interface ChannelRef {
  id: string;
  workspaceId: string;
  name: string;
  kind: string;
  /** The agent that answers here, and the version to which new sessions are pinned. */
  agentId: string;
  agentVersion: number;
  /** The workspace's agents by slug, for channels that choose among several. */
  agents?: ReadonlyMap<string, { id: string; version: number }>;
  sessions: "single" | "many";
  /** True if a user's identifier is also an address, even on channels with many sessions. */
  addressesUsers?: boolean;
  /** Converts an identifier as people write it to the stored form. */
  identifierOf?(written: string): string;
  /** Other identifiers of the same person. */
  otherNamesOf?(identifier: string): readonly string[];
  /** The rules about access here. Absent: everybody has access. */
  access?: AccessSettings;
  resetCommand: boolean;
  /** True if a reply may be a voice message. */
  speaks: boolean;
  typingRefreshMs: number | null;
}
