import { createHash, randomBytes } from "node:crypto";
import type { VisitorAuth } from "../../core/session/visitor.ts";
import { storableText } from "../../core/text/text.ts";
import { type Clock, systemClock } from "../../core/time/clock.ts";
import { identitySecrets, type WebConfig } from "./config.ts";
import { decodePart, encodePart, isSigned, sign } from "./signed-text.ts";
import { verifyIdentity } from "./verify.ts";

const ANONYMOUS = /^cwa_[A-Za-z0-9_-]{43}$/;
const IDENTIFIED = /^cwi_([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{43})$/;

/** Lifetime of a token of an identified visitor, milliseconds. */
const TOKEN_MS = 3600 * 1000;
/** An identified visitor may renew the token for this long after the proof of identity, milliseconds. */
const IDENTIFIED_MS = 24 * 3600 * 1000;

interface Claims {
  identifier: string;
  /** The end of renewals, milliseconds since 1970. */
  until: number;
}

/**
 * The tokens of one web channel. An anonymous token is 256 random bits, and the visitor's identifier is its hash. So
 * the visitor's row makes the token valid on every process, and deleting the visitor ends it.
 * An identified token is signed with a key derived from the identity secret, so nothing is stored. A secret that leaves
 * the rotation ends its tokens. The token is valid for one hour. The visitor can exchange it for the next one until a
 * day after the host site confirmed the visitor.
 */
export function createVisitorAuth(options: {
  channel: string;
  config: WebConfig;
  clock?: Clock;
}): VisitorAuth {
  const { channel, config, clock = systemClock } = options;
  const secrets = identitySecrets(config);
  const keys = secrets.map((secret) => sign("causeway visitor token", secret));

  function issue(key: string, { identifier, until }: Claims): { token: string; expiresAt: Date } {
    const expiresAt = new Date(Math.min(clock.now().getTime() + TOKEN_MS, until));
    const payload = encodePart({ i: identifier, c: channel, e: expiresAt.getTime(), u: until });
    return { token: `cwi_${payload}.${sign(payload, key)}`, expiresAt };
  }

  /** The claims of a token; null if it is forged, expired or from another channel. */
  function read(token: string): Claims | null {
    const [, payload, signature] = IDENTIFIED.exec(token) ?? [];
    if (payload === undefined || signature === undefined || !isSigned(payload, signature, keys)) return null;
    const { i: identifier, c, e: expires, u: until } = decodePart(payload) ?? {};
    if (c !== channel || typeof expires !== "number" || expires <= clock.now().getTime()) return null;
    return typeof identifier === "string" && typeof until === "number" ? { identifier, until } : null;
  }

  return {
    admitAnonymous() {
      const token = `cwa_${randomBytes(32).toString("base64url")}`;
      return { token, identifier: anonymousIdentifier(token), name: null, anonymous: true, expiresAt: null };
    },

    admitIdentified(identityToken) {
      const [key] = keys;
      if (key === undefined) {
        const message = "This channel knows anonymous visitors only: it has no identitySecret.";
        return { kind: "refused", status: 404, code: "identity_not_configured", message };
      }
      const now = clock.now();
      const identity = verifyIdentity(identityToken, { audience: channel, secrets, now });
      if (identity === null) {
        const message =
          "The identity token is not valid: it must be a JWT signed HS256 with this channel's identitySecret, " +
          'with "sub", "aud" (the channel\'s name) and "exp" at most one hour ahead.';
        return { kind: "refused", status: 401, code: "identity_token_invalid", message };
      }
      const identifier = `id:${storableText(identity.subject)}`;
      const name = identity.name === null ? null : storableText(identity.name);
      const issued = issue(key, { identifier, until: now.getTime() + IDENTIFIED_MS });
      return { kind: "admitted", pass: { ...issued, identifier, name, anonymous: false } };
    },

    renew(token) {
      if (ANONYMOUS.test(token)) return { token, expiresAt: null };
      const [key] = keys;
      const claims = read(token);
      return claims && key !== undefined ? issue(key, claims) : null;
    },

    identifierOf(token) {
      if (ANONYMOUS.test(token)) return anonymousIdentifier(token);
      return read(token)?.identifier ?? null;
    },
  };
}

function anonymousIdentifier(token: string): string {
  return `anon:${createHash("sha256").update(token).digest("base64url")}`;
}
