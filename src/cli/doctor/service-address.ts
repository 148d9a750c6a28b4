import type { WebhookResponse } from "../../channels/channel.ts";
import { broken, doubtful, type Finding, well } from "../../core/finding.ts";
import { timeLimit } from "../../core/time-limit.ts";

const PATIENCE_MS = 10_000;
/** Signatures are good for five minutes: a clock this far off loses messages. */
const BAD_SKEW_MS = 4 * 60_000;
const NOTABLE_SKEW_MS = 60_000;

/** What answers at an address. */
type Neighbour = "causeway" | "something else" | "nothing";

/** Whether the service answers where platforms are told that it does. */
export async function publicUrlFindings(addresses: {
  publicUrl: { url: string; isPublic: boolean };
  /** Where the service itself listens. */
  localUrl: string;
}): Promise<{ findings: Finding[]; answers: boolean }> {
  const { publicUrl, localUrl } = addresses;
  const [outside, inside] = await Promise.all([whoAnswers(publicUrl.url), whoAnswers(localUrl)]);
  const findings: Finding[] = [];
  if (publicUrl.isPublic && !publicUrl.url.startsWith("https://"))
    findings.push(
      broken(
        "",
        `${publicUrl.url} is not https: platforms do not post to it.`,
        "put a proxy with a certificate in front",
      ),
    );
  if (outside === "causeway") findings.push(well("", `The service answers at ${publicUrl.url}.`));
  else if (outside === "something else")
    findings.push(
      broken(
        "",
        `Something else answers at ${publicUrl.url}.`,
        `let the proxy lead to ${localUrl}, every path unchanged`,
      ),
    );
  else if (inside === "causeway")
    findings.push(
      broken(
        "",
        `The service runs at ${localUrl}, and nothing answers at ${publicUrl.url}.`,
        "check the name, the certificate and the proxy; from inside some networks the public address cannot be reached",
      ),
    );
  else
    findings.push(
      doubtful(
        "",
        "The service does not run, so what it answers was not looked at.",
        "start it and ask again",
      ),
    );
  return { findings, answers: outside === "causeway" };
}

async function whoAnswers(url: string): Promise<Neighbour> {
  try {
    const response = await fetch(`${url}/livez`, { redirect: "manual", signal: timeLimit(PATIENCE_MS) });
    const text = await response.text();
    return response.status === 200 && text === '{"status":"ok"}' ? "causeway" : "something else";
  } catch {
    return "nothing";
  }
}

/** Posts to a channel's own webhook, as its platform would; null where nothing answers. */
export async function callWebhook(
  url: string,
  request: { headers: Record<string, string>; body: string },
): Promise<WebhookResponse | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      ...request,
      redirect: "manual",
      signal: timeLimit(PATIENCE_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch {
    return null;
  }
}

/** Compares our clock with a server's, by the `Date` of an answer, which has whole seconds. */
export async function clockFindings(url: string): Promise<Finding[]> {
  const askedAt = Date.now();
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: timeLimit(PATIENCE_MS) });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return [];
    const skewMs = (askedAt + Date.now()) / 2 - theirs;
    const words = `Our clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? "ahead of" : "behind"} the platform's`;
    if (Math.abs(skewMs) > BAD_SKEW_MS)
      return [broken("", `${words}: signatures are refused.`, "set the clock, and run NTP")];
    return Math.abs(skewMs) > NOTABLE_SKEW_MS
      ? [doubtful("", `${words}.`, "run NTP: at five minutes signatures are refused")]
      : [well("", "Our clock agrees with the platform's.")];
  } catch {
    return [];
  }
}
