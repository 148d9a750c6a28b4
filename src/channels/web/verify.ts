import { z } from "zod";
import { decodePart, isSigned } from "./signed-text.ts";

/** The identity that the host site confirms. */
export interface ProvenIdentity {
  subject: string;
  name: string | null;
}

/** The longest remaining validity of an identity token, seconds. One minute of it allows for clocks that differ. */
const MAX_LIFETIME_S = 3600 + 60;
const MAX_LENGTH = 8192;

const headerSchema = z.object({
  // Fixed, so that a token never chooses its check ("none", or a public key used as a secret).
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
 * Checks an identity token: a JWT (RFC 7519) that the host site signed with HS256. It must be meant for this channel
 * (`aud`), not expired, and valid for at most one more hour. Returns null for any other token; the host site must find
 * the reason.
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
