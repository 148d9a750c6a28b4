import { slackConfigSchema } from "../channels/slack/config.ts";
import { smsConfigSchema } from "../channels/sms/config.ts";
import { telegramConfigSchema } from "../channels/telegram/config.ts";
import { whatsappConfigSchema } from "../channels/whatsapp/config.ts";
import { askedConversations } from "../config/asked-conversations.ts";
import type { ChannelConfig } from "../config/load-channel.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { WorkspaceConfig } from "../config/load-workspace.ts";
import { isPrivateAddress } from "../core/network/private-addresses.ts";
import type { Logger } from "../core/process/logger.ts";
import type { CallerOf } from "../http/server/caller-address.ts";
import { type InsideSimulator, startInside } from "../simulator/inside.ts";

export interface SimulatorParts {
  pages: InsideSimulator["pages"];
  /** The names of the simulated channels. */
  channels: readonly string[];
  /** Connects the simulated channels of a configuration. */
  connect(workspaces: readonly WorkspaceConfig[]): void;
  /** Tells where the service listens. Events wait until then. */
  listening(url: string): void;
  close(): Promise<void>;
}

/** Starts the simulator if any channel uses it; null: none does. */
export async function createSimulatorParts(deps: {
  config: LoadedConfig;
  callerOf: CallerOf;
  log: Logger;
}): Promise<SimulatorParts | null> {
  const { config, callerOf, log } = deps;
  const simulated = simulatedIn(config.workspaces);
  if (simulated.length === 0) return null;
  const { url: publicUrl } = config.settings.publicUrl;
  let local: string | null = null;
  const inside = await startInside({
    hidden: config.secrets,
    webChats: config.workspaces
      .flatMap(({ channels }) => Object.values(channels))
      .filter(({ kind, enabled }) => kind === "web" && enabled)
      .map(({ name }) => `/chat/${encodeURIComponent(name)}`),
    // The service may be reached under another name or port than the one it listens on.
    reach: (url) => (local !== null && url.startsWith(publicUrl) ? local + url.slice(publicUrl.length) : url),
    isNear: (request) => isPrivateAddress(callerOf(request).split("/")[0] ?? ""),
  });
  const channels = simulated.map(({ name }) => name);

  function connect(workspaces: readonly WorkspaceConfig[]): void {
    for (const channel of simulatedIn(workspaces)) channel.config = channel.simulated?.(inside.url) ?? null;
  }

  connect(config.workspaces);
  for (const channel of simulated)
    addAccount(inside, channel, {
      url: `${publicUrl}/webhooks/${encodeURIComponent(channel.name)}`,
      rooms: askedConversations(config.workspaces, channel),
    });
  log.warn({ channels }, "these channels are simulated: nothing they send reaches a real platform");
  return {
    pages: inside.pages,
    channels,
    connect,
    listening(url) {
      local = url;
    },
    close: inside.close,
  };
}

function simulatedIn(workspaces: readonly WorkspaceConfig[]): ChannelConfig[] {
  return workspaces
    .flatMap(({ channels }) => Object.values(channels))
    .filter(({ enabled, simulated }) => enabled && simulated !== null);
}

/** Tells the simulator the tokens and secrets of a channel. */
function addAccount(
  { simulator }: InsideSimulator,
  { name, kind, config }: ChannelConfig,
  { url, rooms }: { url: string; rooms: readonly string[] },
): void {
  if (kind === "telegram") {
    const { token, secretToken = "" } = telegramConfigSchema.parse(config);
    simulator.addTelegram({ name, token, secretToken, rooms });
  } else if (kind === "slack") {
    const { botToken = "", appToken = "", signingSecret = "", mode } = slackConfigSchema.parse(config);
    const requestUrl = mode === "events" ? url : null;
    simulator.addSlack({ name, botToken, appToken, signingSecret: first(signingSecret), requestUrl, rooms });
  } else if (kind === "sms") {
    simulator.addSms({ ...smsConfigSchema.parse(config), name, webhookUrl: url });
  } else {
    const whatsapp = whatsappConfigSchema.parse(config);
    if (whatsapp.provider === "meta") simulator.addMeta({ ...whatsapp, name, webhookUrl: url });
    else simulator.addTwilio({ ...whatsapp, name, webhookUrl: url });
  }
}

const first = (secret: string | readonly string[]) =>
  typeof secret === "string" ? secret : (secret[0] ?? "");
