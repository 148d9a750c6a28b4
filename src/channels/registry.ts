import type { ChannelDefinition } from "./channel.ts";
import { definition as telegram } from "./telegram/index.ts";

/** What `kind` may be. A new channel adds its folder and a line here. */
export const channelDefinitions = { telegram } satisfies Record<string, ChannelDefinition>;
