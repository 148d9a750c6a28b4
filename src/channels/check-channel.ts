import { errorFinding, type Finding, okFinding, warningFinding } from "../core/faults/finding.ts";
import { timeLimit } from "../core/time/time-limit.ts";
import type { ChannelDefinition } from "./channel-definition.ts";
import type { WebhookResponse } from "./channel-webhook.ts";

/** Time limit for the checks of one channel, in milliseconds. */
const TIMEOUT_MS = 45_000;
/** Time limit for one call of a server, in milliseconds. */
const CALL_MS = 10_000;
/** Signatures are valid for five minutes, so a clock with this error loses messages. */
const BAD_SKEW_MS = 4 * 60_000;
const NOTABLE_SKEW_MS = 60_000;

export interface CheckedChannel {
  name: string;
  config: unknown;
  definition: Pick<ChannelDefinition, "diagnose" | "diagnoseDesk"> | undefined;
  isSimulated: boolean;
  publicUrl: { url: string; isPublic: boolean };
  /** True if a running service answers at the public URL. Only then can its webhooks be tested. */
  serviceAnswers: boolean;
}

const SIMULATED = "Connected to the simulator, so there is no platform to check.";

/** Checks a channel against its live platform. Changes nothing there. */
export async function checkChannel(checked: CheckedChannel): Promise<Finding[]> {
  const { name, config, definition, isSimulated, publicUrl, serviceAnswers } = checked;
  if (isSimulated) return [okFinding("simulate", SIMULATED)];
  if (definition?.diagnose === undefined) return [okFinding("", "It uses no outside service.")];
  const webhookUrl = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  return definition.diagnose({
    name,
    config,
    publicUrl,
    callWebhook: async (request) => (serviceAnswers ? callWebhook(webhookUrl, request) : null),
    checkClock: clockFindings,
    signal: timeLimit(TIMEOUT_MS),
  });
}

/** Checks that the bot can open threads in the conversation of a desk. */
export async function checkDesk(
  { config, definition, isSimulated }: Pick<CheckedChannel, "config" | "definition" | "isSimulated">,
  conversation: string,
): Promise<Finding[]> {
  if (isSimulated) return [okFinding("channel", SIMULATED)];
  return (await definition?.diagnoseDesk?.({ config, conversation, signal: timeLimit(TIMEOUT_MS) })) ?? [];
}

/** A channel of this process. */
interface Running extends Pick<CheckedChannel, "config" | "definition"> {
  ref: { id: string; name: string; workspaceId: string };
}

/** Checks of running channels and of their desks. `simulated` are the channels that the simulator serves. */
export function channelChecks(
  workspaces: {
    /** The names of a workspace's desks. */
    desks(workspaceId: string): readonly string[];
    deskPlace(channelId: string, name: string): { channelId: string; conversation: string } | null;
  },
  publicUrl: { url: string; isPublic: boolean },
  simulated: readonly string[],
) {
  const isSimulated = (name: string) => simulated.includes(name);
  return {
    channel({ ref: { name }, config, definition }: Running) {
      const checked = { name, config, definition, publicUrl, isSimulated: isSimulated(name) };
      return checkChannel({ ...checked, serviceAnswers: true });
    },
    desks: ({ ref }: Running) =>
      workspaces.desks(ref.workspaceId).flatMap((name) => {
        const place = workspaces.deskPlace(ref.id, name);
        return place?.channelId === ref.id ? [{ name, conversation: place.conversation }] : [];
      }),
    desk: ({ ref: { name }, config, definition }: Running, conversation: string) =>
      checkDesk({ config, definition, isSimulated: isSimulated(name) }, conversation),
  };
}

/** Posts to a channel's webhook as its platform would. Null if nothing answers. */
async function callWebhook(
  url: string,
  request: { headers: Record<string, string>; body: string },
): Promise<WebhookResponse | null> {
  try {
    const response = await fetch(url, {
      method: "POST",
      ...request,
      redirect: "manual",
      signal: timeLimit(CALL_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch {
    return null;
  }
}

/** Compares our clock with a server's clock, with the `Date` header of an answer. That header has whole seconds. */
export async function clockFindings(url: string): Promise<Finding[]> {
  const askedAt = Date.now();
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal: timeLimit(CALL_MS) });
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return [];
    const skewMs = (askedAt + Date.now()) / 2 - theirs;
    const words = `Our clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? "ahead of" : "behind"} the platform's`;
    if (Math.abs(skewMs) > BAD_SKEW_MS)
      return [errorFinding("", `${words}: signatures are refused.`, "set the clock, and run NTP")];
    return Math.abs(skewMs) > NOTABLE_SKEW_MS
      ? [warningFinding("", `${words}.`, "run NTP: at five minutes signatures are refused")]
      : [okFinding("", "Our clock agrees with the platform's.")];
  } catch {
    return [];
  }
}
