import type { PublishedWorkspace } from "../agents/agent-repository.ts";
import type { ChannelDefinition } from "../channels/channel-definition.ts";
import type { RunningChannel } from "../channels/channel-directory.ts";
import type { ChannelConfig } from "../config/load-channel.ts";
import type { Settings } from "../config/settings.ts";
import type { Logger } from "../core/process/logger.ts";
import {
  findButtons,
  findConversation,
  findUnanswered,
  lastUserMessage,
} from "../sessions/conversation-repository.ts";
import { createChannelValues } from "../storage/channel-values.ts";
import type { Database } from "../storage/database.ts";
import { createMarketingPreferences } from "../users/marketing-repository.ts";
import type { DeskPlaces } from "./desk-places.ts";

export interface RunChannelDeps {
  database: Pick<Database, "pool" | "intake">;
  kinds: Readonly<Record<string, ChannelDefinition>>;
  publicUrl: Settings["publicUrl"];
  places: DeskPlaces;
  log: Logger;
}

/** A channel of the file that can run: its configuration has no problem. */
export type RunnableChannel = ChannelConfig & { config: Record<string, unknown> };

/** Creates channels from their kinds, and connects them to their rows. */
export function createRunChannel(deps: RunChannelDeps) {
  const { kinds, publicUrl, places, log } = deps;
  const rowsOf = createChannelRows(deps.database);

  return async function runChannel(
    channel: RunnableChannel,
    rows: PublishedWorkspace,
  ): Promise<RunningChannel | null> {
    const { name, kind, config } = channel;
    const [agent, id] = [rows.agents.get(channel.agent), rows.channels.get(name)?.id];
    if (agent === undefined || id === undefined) return null;
    const definition = kinds[kind];
    if (!definition) throw new Error(`no channel of kind ${kind}`);
    const { capabilities, split } = definition.variant?.(config) ?? definition;
    const { sessions, resetCommand, typingRefreshMs, addressesUsers = false, buttons } = capabilities;
    const running = await definition.create({
      name,
      config,
      // A simulated platform runs on this machine, so it reaches any address of the service.
      publicUrl: channel.simulated === null ? publicUrl : { ...publicUrl, isPublic: true },
      ...rowsOf(id),
      isDesk: (conversation) => places.isDesk(rows.id, name, conversation),
      log: log.child({ channel: name }),
    });
    const ref: RunningChannel["ref"] = {
      ...{ id, workspaceId: rows.id, name, kind },
      ...{ agentId: agent.id, agentVersion: agent.version, agents: rows.agents },
      ...{ sessions, addressesUsers, resetCommand, typingRefreshMs, buttons },
      ...(channel.access === null ? {} : { access: places.access(channel.access, rows.id) }),
      speaks: capabilities.speaks === true,
      split: running.split?.bind(running) ?? split,
      ...(definition.identifierOf ? { identifierOf: definition.identifierOf } : {}),
      ...(definition.otherNamesOf ? { otherNamesOf: definition.otherNamesOf } : {}),
    };
    return { definition, config, error: null, channel: running, ref };
  };
}

/** A channel's lookups in the database: its values, and its conversations with users. */
function createChannelRows({ pool, intake }: RunChannelDeps["database"]) {
  const marketing = createMarketingPreferences(intake);
  return (id: string) => ({
    values: createChannelValues(pool, id),
    findConversation: (externalKey: string, eventKey?: string) =>
      findConversation(intake, id, externalKey, eventKey),
    findUnanswered: (user: string, begins: readonly string[]) => findUnanswered(intake, id, user, begins),
    lastUserMessage: (address: string) => lastUserMessage(intake, id, address),
    refusesMarketing: (userIdentifier: string) => marketing.isStopped(id, userIdentifier),
    findButtons: (messageId: string) => findButtons(intake, id, messageId),
  });
}
