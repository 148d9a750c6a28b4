import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import type { ChannelOptions } from "../channel-options.ts";
import type { RawRequest, Received } from "../channel-webhook.ts";
import type { SlackConfig } from "./config.ts";
import { createInstallPages } from "./install.ts";
import { createInstallations } from "./installations.ts";
import type { SlackWebApi } from "./web-api.ts";

/** The Slack workspaces of a channel: one with a configured token, or all that installed the app. */
export interface Workspaces {
  /** True if there can be several. Then every address and every person belongs to one workspace. */
  isShared: boolean;
  /** A client for an installation; null if the app is not installed. Rejects if the lookup is not possible now. */
  clientOf(team: string | null): Promise<WebClient | null>;
  /**
   * The app was removed, or its token was revoked. Returns true if this affects only that workspace and is no error.
   */
  remove(team: string | null): Promise<boolean>;
  /** Reports the workspaces whose tokens cannot be read with the configured secret. */
  check(): Promise<void>;
  /** Answers a visit of an installation page; null for any other request. */
  visit(request: RawRequest): Promise<Received | null>;
}

export function createWorkspaces(
  { config, values }: Pick<ChannelOptions<SlackConfig>, "config" | "values">,
  deps: {
    api: SlackWebApi;
    webhookUrl: string;
    onTrouble(team: string, words: string | null): void;
    log: Logger;
  },
): Workspaces {
  const { api, webhookUrl, onTrouble, log } = deps;
  const { oauth, botToken = "", apiUrl } = config;
  if (oauth === undefined)
    return {
      isShared: false,
      clientOf: async () => api.clientFor(botToken),
      remove: async () => false,
      check: async () => undefined,
      visit: async () => null,
    };
  const installations = createInstallations({ oauth, client: api.anonymous, values, onTrouble });
  const urls = { webhook: webhookUrl, api: apiUrl };
  const visit = createInstallPages({ oauth, api, installations, values, urls, log });
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
    async check() {
      try {
        for (const team of await installations.unreadable())
          onTrouble(team, `workspace ${team}: ${OTHER_SECRET}`);
      } catch (error) {
        log.warn({ err: error }, "the installations could not be read");
      }
    },
    visit,
  };
}

const OTHER_SECRET =
  "its token was sealed with another `oauth.secret`; set the old one, or install the app there again";
