import { doubtful, type Finding, guessable, well } from "../../core/finding.ts";
import type { DiagnoseOptions } from "../channel.ts";
import { identitySecrets, type WebConfig } from "./config.ts";

/** There is no platform to ask: says what the configuration leaves out. */
export async function diagnose({ config, publicUrl }: DiagnoseOptions<WebConfig>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const insecure = config.allowedOrigins.filter(
    (origin) => origin.startsWith("http://") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(origin),
  );
  if (config.allowedOrigins.length > 0)
    findings.push(well("allowedOrigins", `Pages of ${config.allowedOrigins.join(", ")} may use the chat.`));
  else
    findings.push(
      well("allowedOrigins", "No other site may embed the chat; the hosted page needs no entry."),
    );
  if (insecure.length > 0)
    findings.push(
      doubtful(
        "allowedOrigins",
        `${insecure.join(", ")} is not https: whoever is on the way can read and change the chat.`,
        "serve that site by https",
      ),
    );
  if (config.allowedOrigins.length > 0 && !publicUrl.isPublic)
    findings.push(
      doubtful(
        "allowedOrigins",
        "Other sites may embed the chat, and CAUSEWAY_PUBLIC_URL names no public address they could load it from.",
        "set CAUSEWAY_PUBLIC_URL",
      ),
    );
  if (identitySecrets(config).length === 0)
    findings.push(well("identitySecret", "Visitors are anonymous: no site can vouch for them."));
  for (const secret of identitySecrets(config)) findings.push(...guessable("identitySecret", secret));
  return findings;
}
