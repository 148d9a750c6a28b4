import { kindSamples, type SampleMessage } from "../channels/samples.ts";

const samples = kindSamples.flatMap(([, { channels }]) => channels);

/** The channels of every kind that take webhooks. */
export const signedChannels: readonly string[] = samples
  .filter(({ webhook }) => webhook !== null)
  .map(({ name }) => name);

/** The channels that take none. */
export const unsignedChannels: readonly string[] = samples
  .filter(({ webhook }) => webhook === null)
  .map(({ name }) => name);

function webhookOf(channel: string) {
  const webhook = samples.find(({ name }) => name === channel)?.webhook;
  if (!webhook) throw new Error(`no channel ${channel} takes webhooks`);
  return webhook;
}

/** A message that the channel would accept with a signature. */
export const bodyOf = (channel: string, message?: SampleMessage): string => webhookOf(channel).body(message);
export const goodBody = (channel: string): string => bodyOf(channel);

/** The headers with which the channel's platform sends a body. */
export const sign = (channel: string, body = ""): Record<string, string> => webhookOf(channel).sign(body);

/** False: a secret beside the body proves the sender. */
export const signsBody = (channel: string): boolean => webhookOf(channel).signsBody;

/** True for a platform that posts forms instead of JSON. */
export const postsForms = (channel: string): boolean =>
  sign(channel)["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
