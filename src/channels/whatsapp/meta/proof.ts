import { createHmac } from "node:crypto";
import type { MetaConfig } from "./config.ts";

/**
 * Proofs that a call comes from the app's own server. `appsecret_proof` is the hex HMAC-SHA256 of the access token,
 * with the app secret as key (Meta, "Securing requests"). Some apps require it, and every app accepts it.
 */
export function createProofs({
  accessToken,
  appSecret,
  secondaryAppSecret,
}: Pick<MetaConfig, "accessToken" | "appSecret" | "secondaryAppSecret">) {
  const secrets = secondaryAppSecret === undefined ? [appSecret] : [appSecret, secondaryAppSecret];
  const all = secrets.map((secret) => createHmac("sha256", secret).update(accessToken).digest("hex"));
  let preferred = all;
  return {
    /** During a change of secrets there are two proofs. The one that worked last comes first. */
    inOrder: (): readonly string[] => preferred,
    refused(proof: string): void {
      preferred = [...all.filter((each) => each !== proof), proof];
    },
  };
}
