import { channelDefinitions } from "../../src/channels/registry.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import type { TextForm } from "./formatting/text-form.ts";

/** The folder of a kind's samples has one file per kind. Tests over all kinds find it by the kind's name. */
export interface KindSamples {
  /** Configured channels, one for each way to connect to the platform. */
  channels: readonly ChannelSample[];
  /** Configurations that contain each credential of the kind, of any shape. */
  credentials: readonly JsonObject[];
  /** The form of a text on the platform, or the reason why the channel does not form texts. */
  text: TextForm | string;
}

export interface ChannelSample {
  name: string;
  /** The keys of the configuration, without `kind` and `agent`. Nothing answers at its addresses. */
  config: JsonObject;
  /** Null: the channel takes no webhooks. */
  webhook: {
    /** A new message of a user, with its own ids. */
    body(message?: SampleMessage): string;
    /** The headers with which the platform sends a body. */
    sign(body: string): Record<string, string>;
    /** False: a secret beside the body proves the sender. */
    signsBody: boolean;
  } | null;
}

export interface SampleMessage {
  text?: string;
  /** People with different numbers are different people. */
  person?: number;
  /** The conversation of the person, on platforms where a person may have several. */
  chat?: number;
}

/** An address at which nothing answers. */
export const NOWHERE = "http://127.0.0.1:9";

const kinds = Object.keys(channelDefinitions);

/** The samples of every kind in the registry. */
export const kindSamples: readonly [kind: string, samples: KindSamples][] = await Promise.all(
  kinds.map(async (kind): Promise<[string, KindSamples]> => {
    const file: { samples: KindSamples } = await import(`./samples/${kind}.ts`);
    return [kind, file.samples];
  }),
);
