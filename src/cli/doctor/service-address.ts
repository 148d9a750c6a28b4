import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import { timeLimit } from "../../core/time/time-limit.ts";

const TIMEOUT_MS = 10_000;

/** The kind of server that answers at an address. */
type ServerKind = "causeway" | "something else" | "nothing";

/** Checks that the service answers at the address that the platforms use. */
export async function publicUrlFindings(addresses: {
  publicUrl: { url: string; isPublic: boolean };
  /** Address on which the service itself listens. */
  localUrl: string;
}): Promise<{ findings: Finding[]; answers: boolean }> {
  const { publicUrl, localUrl } = addresses;
  const [outside, inside] = await Promise.all([serverAt(publicUrl.url), serverAt(localUrl)]);
  const findings: Finding[] = [];
  if (publicUrl.isPublic && !publicUrl.url.startsWith("https://"))
    findings.push(
      errorFinding(
        "",
        `${publicUrl.url} does not use https, so platforms do not post to it.`,
        "put a proxy with a certificate in front",
      ),
    );
  if (outside === "causeway") findings.push(okFinding("", `The service answers at ${publicUrl.url}.`));
  else if (outside === "something else")
    findings.push(
      errorFinding(
        "",
        `Another server answers at ${publicUrl.url}.`,
        `let the proxy forward every path unchanged to ${localUrl}`,
      ),
    );
  else if (inside === "causeway")
    findings.push(
      errorFinding(
        "",
        `The service runs at ${localUrl}, and nothing answers at ${publicUrl.url}.`,
        "check the name, the certificate and the proxy; from inside some networks the public address cannot be reached",
      ),
    );
  else
    findings.push(
      warningFinding(
        "",
        "The service does not run, so its answers were not checked.",
        "start it and run this again",
      ),
    );
  return { findings, answers: outside === "causeway" };
}

async function serverAt(url: string): Promise<ServerKind> {
  try {
    const response = await fetch(`${url}/livez`, { redirect: "manual", signal: timeLimit(TIMEOUT_MS) });
    const text = await response.text();
    return response.status === 200 && text === '{"status":"ok"}' ? "causeway" : "something else";
  } catch {
    return "nothing";
  }
}
