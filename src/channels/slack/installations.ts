import type { OauthV2AccessResponse, WebClient } from "@slack/web-api";
import { z } from "zod";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { ChannelValues } from "../channel.ts";
import { createSeal } from "./seal.ts";

/** The tokens of the workspaces the app is installed in. */
export interface Installations {
  /** The bot token of an installation, fresh; null where the app is not installed. */
  tokenOf(team: string | null): Promise<string | null>;
  save(granted: OauthV2AccessResponse): Promise<{ team: string; name: string | null }>;
  remove(team: string): Promise<void>;
}

const storedSchema = z.object({
  token: z.string(),
  refreshToken: z.string().nullable(),
  /** Milliseconds since 1970; null for a token that does not expire. */
  expiresAt: z.number().nullable(),
});

type Stored = z.infer<typeof storedSchema>;

/** A token that has less than this left is exchanged first; Slack's live twelve hours. */
const REFRESH_BEFORE_MS = 2 * 60 * 60_000;

export interface InstallationDeps {
  oauth: { clientId: string; clientSecret: string; secret: string };
  client: Pick<WebClient, "oauth">;
  values: ChannelValues;
  clock?: Clock;
}

/** Keeps installations sealed in the database, and exchanges tokens that rotate before they expire. */
export function createInstallations(deps: InstallationDeps): Installations {
  const { oauth, client, values, clock = systemClock } = deps;
  const { seal, open } = createSeal(oauth.secret);
  const keyOf = (team: string) => `installation:${team}`;
  const now = () => clock.now().getTime();

  const unseal = (key: string, value: Buffer): Stored | null => {
    const text = open(key, value);
    return text === null ? null : storedSchema.parse(JSON.parse(text));
  };
  const isStale = ({ expiresAt, refreshToken }: Stored) =>
    refreshToken !== null && expiresAt !== null && expiresAt - now() < REFRESH_BEFORE_MS;

  function toStored(granted: OauthV2AccessResponse, before: Stored | null): Stored {
    const { access_token: token, refresh_token: refreshToken, expires_in: seconds } = granted;
    if (token === undefined) throw new Error("Slack granted no bot token");
    return {
      token,
      refreshToken: refreshToken ?? before?.refreshToken ?? null,
      expiresAt: seconds === undefined ? null : now() + seconds * 1000,
    };
  }

  /** A refresh token is good for one exchange: nobody else may be about it at the same time. */
  async function refresh(key: string): Promise<Stored | null> {
    const value = await values.update(key, async (current) => {
      const stored = unseal(key, current);
      if (stored === null || stored.refreshToken === null || !isStale(stored)) return current;
      const granted = await client.oauth.v2.access({
        client_id: oauth.clientId,
        client_secret: oauth.clientSecret,
        grant_type: "refresh_token",
        refresh_token: stored.refreshToken,
      });
      return seal(key, JSON.stringify(toStored(granted, stored)));
    });
    return value === null ? null : unseal(key, value);
  }

  return {
    async tokenOf(team) {
      if (team === null) return null;
      const key = keyOf(team);
      const value = await values.read(key);
      const stored = value === null ? null : unseal(key, value);
      if (stored === null || !isStale(stored)) return stored?.token ?? null;
      try {
        return (await refresh(key))?.token ?? null;
      } catch (error) {
        // The old token is good for a while yet: the next call tries the exchange again.
        if (stored.expiresAt !== null && stored.expiresAt > now()) return stored.token;
        throw error;
      }
    },
    async save(granted) {
      const team = granted.is_enterprise_install ? granted.enterprise?.id : granted.team?.id;
      if (team === undefined) throw new Error("Slack named no workspace");
      const key = keyOf(team);
      await values.write(key, seal(key, JSON.stringify(toStored(granted, null))));
      return { team, name: granted.team?.name ?? granted.enterprise?.name ?? null };
    },
    remove: (team) => values.remove(keyOf(team)),
  };
}
