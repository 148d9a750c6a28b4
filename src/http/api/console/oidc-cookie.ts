import type { PendingLogin } from "./oidc-provider.ts";

/** A sign-in that the browser began, and where it leads. */
export interface BegunLogin extends PendingLogin {
  /** A path of the console. */
  to: string;
}

/** The cookie of a sign-in that is under way. */
const OIDC_COOKIE = "causeway_oidc";
const MAX_AGE_S = 600;
const VALUE = new RegExp(`(?:^|;)\\s*${OIDC_COOKIE}=([\\w-]{1,2000})\\s*(?:;|$)`);

/**
 * The cookie for a begun sign-in, or the one that takes it away (null). The provider's page leads back with a link of
 * another site, so the cookie is `Lax`. Only the two routes of a sign-in get it.
 */
export function oidcCookie(login: BegunLogin | null, { secure }: { secure: boolean }): string {
  const value = login === null ? "" : Buffer.from(JSON.stringify(login)).toString("base64url");
  const parts = [`${OIDC_COOKIE}=${value}`, "Path=/console/oidc", "HttpOnly", "SameSite=Lax"];
  return [...parts, ...(secure ? ["Secure"] : []), `Max-Age=${login === null ? 0 : MAX_AGE_S}`].join("; ");
}

/** The begun sign-in in a request's cookies; null if there is none, or none of ours. */
export function begunLogin(cookies: string | undefined): BegunLogin | null {
  const value = VALUE.exec(cookies ?? "")?.[1];
  if (value === undefined) return null;
  try {
    const { state, nonce, verifier, to } = JSON.parse(Buffer.from(value, "base64url").toString("utf8"));
    const isWhole = [state, nonce, verifier, to].every((part) => typeof part === "string" && part !== "");
    return isWhole ? { state, nonce, verifier, to: consolePath(to) } : null;
  } catch {
    return null;
  }
}

/** Longest path to return to. Browsers keep 4,096 bytes of a cookie, and the encoded login needs its share. */
const LONGEST_PATH = 1_000;

/** A path of the console that a sign-in may lead to. Anything else leads to its first screen. */
export function consolePath(to: string): string {
  if (to.length > LONGEST_PATH) return "/console";
  return /^\/console(?:[/?][\w\-./?&=%~+:,]*)?$/.test(to) && !to.includes("//") ? to : "/console";
}
