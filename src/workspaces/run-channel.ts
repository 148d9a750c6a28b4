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
export function createRunChannel({ database, kinds, publicUrl, places, log }: RunChannelDeps) {
  const { pool, intake } = database;
  const marketing = createMarketingPreferences(intake);

  return async function runChannel(
    channel: RunnableChannel,
    rows: PublishedWorkspace,
  ): Promise<RunningChannel | null> {
    const { name, kind, config, agent: agentName } = channel;
    const [agent, id] = [rows.agents.get(agentName), rows.channels.get(name)?.id];
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
      values: createChannelValues(pool, id),
      findConversation: (externalKey, eventKey) => findConversation(intake, id, externalKey, eventKey),
      findUnanswered: (user, begins) => findUnanswered(intake, id, user, begins),
      lastUserMessage: (address) => lastUserMessage(intake, id, address),
      refusesMarketing: (userIdentifier) => marketing.isStopped(id, userIdentifier),
      findButtons: (messageId) => findButtons(intake, id, messageId),
      isDesk: (conversation) => places.isDesk(rows.id, name, conversation),
      log: log.child({ channel: name }),
    });
    return {
      definition,
      config,
      error: null,
      channel: running,
      ref: {
        id,
        workspaceId: rows.id,
        name,
        kind,
        agentId: agent.id,
        agentVersion: agent.version,
        agents: rows.agents,
        sessions,
        addressesUsers,
        ...(channel.access === null ? {} : { access: places.access(channel.access, rows.id) }),
        resetCommand,
        speaks: capabilities.speaks === true,
        typingRefreshMs,
        split: running.split?.bind(running) ?? split,
        ...(definition.identifierOf ? { identifierOf: definition.identifierOf } : {}),
        ...(definition.otherNamesOf ? { otherNamesOf: definition.otherNamesOf } : {}),
        buttons,
      },
    };
  };
}
