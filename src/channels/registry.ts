import { definition as api } from "./api/index.ts";
import type { ChannelDefinition } from "./channel-definition.ts";
import { definition as slack } from "./slack/index.ts";
import { definition as sms } from "./sms/index.ts";
import { definition as sureadhere } from "./sureadhere/index.ts";
import { definition as telegram } from "./telegram/index.ts";
import { definition as web } from "./web/index.ts";
import { definition as whatsapp } from "./whatsapp/index.ts";

/** The values of `kind`. A new channel adds its folder and a line here. */
export const channelDefinitions = { web, api, telegram, slack, whatsapp, sms, sureadhere } satisfies Record<
  string,
  ChannelDefinition
>;
