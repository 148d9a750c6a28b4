import { z } from "zod";
import { decodePart, isSigned } from "./signed-text.ts";

/** Whom the host site vouches for. */
export interface ProvenIdentity {
  subject: string;
  name: string | null;
}

/** The longest an identity token may still be valid, seconds; a minute of it is for clocks that disagree. */
const MAX_LIFETIME_S = 3600 + 60;
const MAX_LENGTH = 8192;

const headerSchema = z.object({
  // Pinned: a token never chooses how it is checked ("none", or a public key taken for a secret).
  alg: z.literal("HS256"),
  crit: z.undefined().optional(),
});

const claimsSchema = z.object({
  sub: z.string().min(1).max(200),
  name: z.string().max(200).nullish(),
  exp: z.number(),
  nbf: z.number().optional(),
  aud: z.union([z.string(), z.array(z.string())]),
});

/**
 * Checks an identity token: a JWT (RFC 7519) signed HS256 by the host site, meant for this channel (`aud`), expired
 * nowhere and valid for at most an hour more. Null for anything else; why is the host site's to find out.
 */
export function verifyIdentity(
  token: string,
  expected: { audience: string; secrets: readonly string[]; now: Date },
): ProvenIdentity | null {
  const [header, payload, signature, ...rest] = token.split(".");
  if (token.length > MAX_LENGTH || !header || !payload || !signature || rest.length > 0) return null;
  if (!isSigned(`${header}.${payload}`, signature, expected.secrets)) return null;
  if (!headerSchema.safeParse(decodePart(header)).success) return null;
  const { data: claims } = claimsSchema.safeParse(decodePart(payload));
  if (!claims) return null;
  const now = expected.now.getTime() / 1000;
  if (claims.exp <= now || claims.exp > now + MAX_LIFETIME_S) return null;
  if (claims.nbf !== undefined && claims.nbf > now + 60) return null;
  if (![claims.aud].flat().includes(expected.audience)) return null;
  return { subject: claims.sub, name: claims.name || null };
}
