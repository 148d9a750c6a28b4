import { createHash, randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../core/clock.ts";
import { storableText } from "../../core/text.ts";
import type { VisitorDoor } from "../../core/visitor.ts";
import { identitySecrets, type WebConfig } from "./config.ts";
import { decodePart, encodePart, isSigned, sign } from "./signed-text.ts";
import { verifyIdentity } from "./verify.ts";

const ANONYMOUS = /^cwa_[A-Za-z0-9_-]{43}$/;
const IDENTIFIED = /^cwi_([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{43})$/;

/** How long a token of an identified visitor is good for, milliseconds. */
const TOKEN_MS = 3600 * 1000;
/** For how long after proving who they are an identified visitor may renew it, milliseconds. */
const IDENTIFIED_MS = 24 * 3600 * 1000;

interface Claims {
  identifier: string;
  /** When renewing ends, milliseconds since 1970. */
  until: number;
}

/**
 * The tokens of one web channel. An anonymous token is 256 random bits; the visitor's identifier is its hash, so the
 * row that makes the visitor exist is also what makes the token good, on every process, and deleting the visitor
 * closes it. An identified one is signed with a key derived from the identity secret: nothing to store, and a secret
 * taken out of rotation takes its tokens with it. It is good for an hour and can be exchanged for the next one until a
 * day after the host site vouched for the visitor.
 */
export function createVisitorDoor(options: {
  channel: string;
  config: WebConfig;
  clock?: Clock;
}): VisitorDoor {
  const { channel, config, clock = systemClock } = options;
  const secrets = identitySecrets(config);
  const keys = secrets.map((secret) => sign("causeway visitor token", secret));

  function issue(key: string, { identifier, until }: Claims): { token: string; expiresAt: Date } {
    const expiresAt = new Date(Math.min(clock.now().getTime() + TOKEN_MS, until));
    const payload = encodePart({ i: identifier, c: channel, e: expiresAt.getTime(), u: until });
    return { token: `cwi_${payload}.${sign(payload, key)}`, expiresAt };
  }

  /** What a token says; null for a forged, foreign or expired one. */
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
