import { z } from "zod";
import type { BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel-definition.ts";
import { accessSchema } from "./access-schema.ts";
import { nameSchema } from "./agent-schema.ts";

/** The types of bots and the kinds of channels, by the name that a configuration file uses. */
export interface Registries {
  bots: Readonly<Record<string, BotDefinition>>;
  channels: Readonly<Record<string, ChannelDefinition>>;
}

/** Planned kinds. A file may contain them if they are disabled, and their own keys are not checked. */
const plannedKinds: readonly string[] = ["slack", "whatsapp", "sureadhere"];

/** Kinds that a file may contain but not enable. */
export function missingKinds(channels: Registries["channels"]): string[] {
  return plannedKinds.filter((kind) => !Object.hasOwn(channels, kind));
}

/** The outer part of a configuration file. The schema of its type or kind checks each agent and channel. */
export const configFileSchema = z.strictObject({
  $schema: z.string().optional().describe("Address of this file's schema, for editors."),
  workspace: nameSchema
    .default("default")
    .describe("The scope of everything in this file. It cannot find an id of another workspace."),
  agents: z.record(nameSchema, z.unknown()).describe("The bots by name."),
  channels: z
    .record(nameSchema, z.unknown())
    .describe("Connections to platforms. The key is part of the webhook's URL."),
  desks: z
    .record(nameSchema, z.unknown())
    .optional()
    .describe("Conversations in which people are asked to answer, by the name in `handoff.desk`."),
});

/** The keys of every channel of any kind. */
export const channelCommonSchema = z.strictObject({
  kind: z.string().describe("The platform."),
  agent: z.string().describe("The agent that answers here."),
  enabled: z.boolean().default(true).describe("`false` leaves the channel out. Its variables may be unset."),
  simulate: z
    .boolean()
    .default(false)
    .describe(
      "`true` connects it to the simulator, and makes up the missing tokens and secrets. Only on this machine or in a private network.",
    ),
  access: accessSchema
    .optional()
    .describe("The people who may talk to the bot here. Left out: everybody. Not on `web` and `api`."),
});
