import type { Configuration, IDToken } from "openid-client";
import { isLoopback } from "../../../core/network/loopback.ts";
import { type Role, roleNamed } from "../../../keys/role.ts";

/** The settings of an OpenID Connect provider. */
export interface OidcSettings {
  issuer: string;
  clientId: string;
  /** Null: a public client, which only PKCE protects. */
  clientSecret: string | null;
  /** The claim with the role; a dotted path leads into objects. */
  roleClaim: string;
  /** The requested scopes, separated by spaces. */
  scope: string;
}

/** The secrets of one sign-in. The browser keeps them in a cookie until the provider sends it back. */
export interface PendingLogin {
  state: string;
  nonce: string;
  verifier: string;
}

/** A person whom the provider knows. */
export interface ProviderPerson {
  /** The issuer and its id for the person. */
  id: string;
  name: string;
  /** Null: they have no role here. */
  role: Role | null;
  /** The provider's id of its own session; null if it has none. */
  session: string | null;
}

/** The sessions that a provider has ended: one of its sessions, or all sessions of a person. */
export type ProviderLogout = { session: string } | { personId: string };

export type OidcProvider = ReturnType<typeof createOidcProvider>;

/** Time limit for an answer of the provider, seconds. */
const TIMEOUT_S = 10;
/** A logout token is used at once; an older one may be replayed. */
const LOGOUT_TOKEN_AGE = "5 minutes";
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

/**
 * Speaks to an OpenID Connect provider: authorization code with PKCE. Each sign-in reads the provider's description and
 * keys again, so a rotated key needs no restart.
 */
export function createOidcProvider(settings: OidcSettings) {
  const { issuer, clientId, clientSecret, roleClaim, scope } = settings;
  const personId = (subject: string) => `${issuer}#${subject}`;

  async function discover(): Promise<{ openid: typeof import("openid-client"); config: Configuration }> {
    const openid = await import("openid-client");
    const server = new URL(issuer);
    const execute = [
      openid.enableNonRepudiationChecks,
      ...(server.protocol === "http:" && isLoopback(server.hostname) ? [openid.allowInsecureRequests] : []),
    ];
    const auth = clientSecret === null ? openid.None() : openid.ClientSecretPost(clientSecret);
    const config = await openid.discovery(server, clientId, undefined, auth, {
      execute,
      timeout: TIMEOUT_S,
    });
    return { openid, config };
  }

  return {
    /** The host of the provider, for people. */
    host: new URL(issuer).host,

    /** Begins a sign-in: the address to send the browser to, and the secrets that its return must match. */
    async begin(redirectUri: string): Promise<{ url: URL; login: PendingLogin }> {
      const { openid, config } = await discover();
      const login = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        state: login.state,
        nonce: login.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(login.verifier),
        code_challenge_method: "S256",
      });
      return { url, login };
    },

    /** Finishes a sign-in. Throws if state, nonce, signature or code are not as they must be. */
    async finish(returned: URL, login: PendingLogin): Promise<ProviderPerson> {
      const { openid, config } = await discover();
      const tokens = await openid.authorizationCodeGrant(config, returned, {
        expectedState: login.state,
        expectedNonce: login.nonce,
        pkceCodeVerifier: login.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error("the provider sent no ID token");
      const known: Record<string, unknown> = { ...claims };
      // Some providers put groups only into the answer of their userinfo endpoint.
      if (
        claimAt(known, roleClaim) === undefined &&
        config.serverMetadata().userinfo_endpoint !== undefined
      ) {
        Object.assign(known, await openid.fetchUserInfo(config, tokens.access_token, claims.sub));
      }
      return {
        id: personId(claims.sub),
        name: nameOf(known, claims),
        role: roleNamed(claimAt(known, roleClaim)),
        session: typeof claims["sid"] === "string" ? claims["sid"] : null,
      };
    },

    /** Reads a logout token of the provider (back-channel logout). Null: it is not one of this provider for us. */
    async readLogout(token: string): Promise<ProviderLogout | null> {
      const [{ config }, jose] = await Promise.all([discover(), import("jose")]);
      const { jwks_uri: keys, issuer: named } = config.serverMetadata();
      if (keys === undefined) return null;
      try {
        const { payload } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(keys)), {
          issuer: named,
          audience: clientId,
          maxTokenAge: LOGOUT_TOKEN_AGE,
        });
        const { events, nonce, sid, sub } = payload as Record<string, unknown>;
        // A nonce would make it an ID token, with which nobody may be signed out.
        if (nonce !== undefined || !isObject(events) || !(LOGOUT_EVENT in events)) return null;
        if (typeof sid === "string") return { session: sid };
        return typeof sub === "string" ? { personId: personId(sub) } : null;
      } catch (error) {
        if (error instanceof jose.errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

/** A claim by its name, or by a path of names. */
function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (path in claims) return claims[path];
  return path
    .split(".")
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), claims);
}

/** At most this many characters of a name reach colleagues and users. */
const LONGEST_NAME = 100;

function nameOf(known: Record<string, unknown>, { sub }: IDToken): string {
  const names = [known["name"], known["preferred_username"], known["email"], sub];
  const name = names.find((one) => typeof one === "string" && one.trim() !== "") ?? sub;
  return String(name).trim().replaceAll(/\s+/g, " ").slice(0, LONGEST_NAME);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
