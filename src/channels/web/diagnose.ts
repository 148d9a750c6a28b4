import { type Finding, okFinding, warningFinding, weakSecretFindings } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import { identitySecrets, SANDBOXED, type WebConfig } from "./config.ts";

/** No platform can be asked, so this only checks the configuration. */
export async function diagnose({ config, publicUrl }: DiagnoseOptions<WebConfig>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const insecure = config.allowedOrigins.filter(
    (origin) => origin.startsWith("http://") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(origin),
  );
  if (config.allowedOrigins.length > 0)
    findings.push(
      okFinding("allowedOrigins", `Pages of ${config.allowedOrigins.join(", ")} may use the chat.`),
    );
  else
    findings.push(
      okFinding("allowedOrigins", "No other site may embed the chat; the hosted page needs no entry."),
    );
  if (insecure.length > 0)
    findings.push(
      warningFinding(
        "allowedOrigins",
        `${insecure.join(", ")} is not https: anybody on the network path can read and change the chat.`,
        "serve that site by https",
      ),
    );
  if (config.allowedOrigins.includes(SANDBOXED))
    findings.push(
      warningFinding(
        "allowedOrigins",
        'With "null" the page of any site may use the chat, if it stands in a sandboxed frame.',
        'give that frame `sandbox="allow-scripts allow-same-origin"`, and list the origin of its page instead',
      ),
    );
  if (config.allowedOrigins.length > 0 && !publicUrl.isPublic)
    findings.push(
      warningFinding(
        "allowedOrigins",
        "Other sites may embed the chat, and CAUSEWAY_PUBLIC_URL names no public address they could load it from.",
        "set CAUSEWAY_PUBLIC_URL",
      ),
    );
  if (identitySecrets(config).length === 0)
    findings.push(okFinding("identitySecret", "Visitors are anonymous: no site can vouch for them."));
  for (const secret of identitySecrets(config))
    findings.push(...weakSecretFindings("identitySecret", secret));
  return findings;
}
