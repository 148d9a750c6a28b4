import type { Installation, InstallationStore } from "@slack/oauth";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { type Clock, systemClock } from "../../core/time/clock.ts";
import type { ChannelValues } from "../channel-options.ts";
import { sealValues } from "../kit/sealed-values.ts";
import { describeFault, isRefusal, readFault } from "./errors.ts";

/** The tokens of the workspaces that installed the app. Bolt's `InstallProvider` stores them here. */
export interface Installations extends InstallationStore {
  /** The current bot token of an installation; null if the app is not installed. */
  tokenOf(team: string | null): Promise<string | null>;
  remove(team: string): Promise<void>;
  /** The workspaces whose tokens were sealed with another secret. They have to install the app again. */
  unreadable(): Promise<string[]>;
}

const storedSchema = z.object({
  token: z.string(),
  refreshToken: z.string().nullable(),
  /** Milliseconds since 1970; null for a token that does not expire. */
  expiresAt: z.number().nullable(),
});

type Stored = z.infer<typeof storedSchema>;

const KEY = "installation:";

/** A token with less than this time left is exchanged before use. Slack's tokens live for twelve hours. */
const REFRESH_BEFORE_MS = 2 * 60 * 60_000;

export interface InstallationDeps {
  oauth: { clientId: string; clientSecret: string; secret: string };
  client: Pick<WebClient, "oauth">;
  values: ChannelValues;
  /** The problem of an installation; null when it ends. */
  onTrouble(team: string, words: string | null): void;
  clock?: Clock;
}

/** Keeps installations encrypted in the database, and exchanges rotating tokens before they expire. */
export function createInstallations(deps: InstallationDeps): Installations {
  const { oauth, client, values, onTrouble, clock = systemClock } = deps;
  const sealed = sealValues(values, { secret: oauth.secret, purpose: "causeway slack installations" });
  const keyOf = (team: string) => `${KEY}${team}`;
  const now = () => clock.now().getTime();

  const parse = (text: string | null): Stored | null =>
    text === null ? null : storedSchema.parse(JSON.parse(text));
  const isStale = ({ expiresAt, refreshToken }: Stored) =>
    refreshToken !== null && expiresAt !== null && expiresAt - now() < REFRESH_BEFORE_MS;

  /** A refresh token works once, so only one process may use it at a time. */
  async function refresh(key: string): Promise<Stored | null> {
    const text = await sealed.update(key, async (current) => {
      const stored = parse(current);
      if (stored === null || stored.refreshToken === null || !isStale(stored)) return current;
      const granted = await client.oauth.v2.access({
        client_id: oauth.clientId,
        client_secret: oauth.clientSecret,
        grant_type: "refresh_token",
        refresh_token: stored.refreshToken,
      });
      const { access_token: token, refresh_token: refreshToken, expires_in: seconds } = granted;
      if (token === undefined) throw new Error("Slack granted no bot token");
      const expiresAt = seconds === undefined ? null : now() + seconds * 1000;
      return JSON.stringify({ token, refreshToken: refreshToken ?? stored.refreshToken, expiresAt });
    });
    return parse(text);
  }

  return {
    async tokenOf(team) {
      if (team === null) return null;
      const key = keyOf(team);
      const stored = parse(await sealed.read(key));
      if (stored === null || !isStale(stored)) return stored?.token ?? null;
      try {
        const token = (await refresh(key))?.token ?? null;
        onTrouble(team, null);
        return token;
      } catch (error) {
        const fault = readFault(error);
        if (isRefusal(fault)) onTrouble(team, `workspace ${team}: ${describeFault(fault)}`);
        // The old token is still valid for a while. The next call tries the exchange again.
        if (stored.expiresAt !== null && stored.expiresAt > now()) return stored.token;
        throw error;
      }
    },
    async storeInstallation(installation) {
      const { bot } = installation;
      const team = teamOf(installation);
      if (bot === undefined || team === null) throw new Error("Slack granted no bot token for a workspace");
      const { token, refreshToken = null, expiresAt } = bot;
      const expires = expiresAt === undefined ? null : expiresAt * 1000;
      const stored: Stored = { token, refreshToken, expiresAt: expires };
      try {
        await sealed.write(keyOf(team), JSON.stringify(stored));
      } catch (error) {
        throw new NotStored("the installation could not be stored", { cause: error });
      }
      onTrouble(team, null);
    },
    // Only Bolt's `authorize` calls it. We do not use that (docs/decisions.md).
    fetchInstallation: () => Promise.reject(new Error("tokens are read by tokenOf")),
    async remove(team) {
      await sealed.remove(keyOf(team));
      onTrouble(team, null);
    },
    async unreadable() {
      const teams: string[] = [];
      for await (const { key, text } of sealed.list(KEY))
        if (text === null) teams.push(key.slice(KEY.length));
      return teams;
    },
  };
}

/** Our own storage failed while Slack did its part. */
export class NotStored extends Error {}

/** The id under which a workspace, or a whole organization, installed the app. */
export function teamOf({ isEnterpriseInstall, enterprise, team }: Installation): string | null {
  return (isEnterpriseInstall ? enterprise?.id : team?.id) ?? null;
}
