import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/logger.ts";
import type { ChannelOptions, RawRequest, Received } from "../channel.ts";
import type { SlackConfig } from "./config.ts";
import { createInstallPages } from "./install.ts";
import { createInstallations } from "./installations.ts";
import type { SlackWebApi } from "./web-api.ts";

/** The Slack workspaces a channel talks to: one, whose token is configured, or all that installed the app. */
export interface Workspaces {
  /** Whether there can be several: then every address and every person is one of a workspace. */
  isShared: boolean;
  /** A client for an installation; null where the app is not installed. Rejects where that cannot be known now. */
  clientOf(team: string | null): Promise<WebClient | null>;
  /** The app was removed, or its token revoked. True where only this workspace is concerned and nothing is wrong. */
  remove(team: string | null): Promise<boolean>;
  /** Answers a visit of an installation page; null for every other request. */
  visit(request: RawRequest): Promise<Received | null>;
}

export function createWorkspaces(
  { config, values }: Pick<ChannelOptions<SlackConfig>, "config" | "values">,
  deps: { api: SlackWebApi; webhookUrl: string; log: Logger },
): Workspaces {
  const { api, webhookUrl, log } = deps;
  const { oauth, botToken = "", apiUrl } = config;
  if (oauth === undefined)
    return {
      isShared: false,
      clientOf: async () => api.clientFor(botToken),
      remove: async () => false,
      visit: async () => null,
    };
  if (values === undefined)
    throw new Error("a Slack channel with OAuth needs somewhere to keep installations");
  const installations = createInstallations({ oauth, client: api.anonymous, values });
  const visit = createInstallPages({ oauth, client: api.anonymous, installations, webhookUrl, apiUrl, log });
  return {
    isShared: true,
    async clientOf(team) {
      const token = await installations.tokenOf(team);
      return token === null ? null : api.clientFor(token);
    },
    async remove(team) {
      if (team !== null) await installations.remove(team);
      log.info({ team }, "slack app removed from a workspace");
      return true;
    },
    visit,
  };
}
