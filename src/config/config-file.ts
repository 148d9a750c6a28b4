import { z } from "zod";
import type { BotDefinition } from "../bots/bot.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { nameSchema } from "./agent-schema.ts";

/** What can stand in a file, by the name it is written with. */
export interface Registries {
  bots: Readonly<Record<string, BotDefinition>>;
  channels: Readonly<Record<string, ChannelDefinition>>;
}

/** Kinds that are planned: a file may hold them switched off, their own keys unchecked. */
const plannedKinds: readonly string[] = ["slack", "whatsapp", "sureadhere"];

/** Kinds that can be written but not enabled. */
export function missingKinds(channels: Registries["channels"]): string[] {
  return plannedKinds.filter((kind) => !Object.hasOwn(channels, kind));
}

/** The file around its agents and channels; each of those is checked by the schema of its own type or kind. */
export const configFileSchema = z.strictObject({
  $schema: z.string().optional().describe("Where editors find the schema of this file."),
  workspace: nameSchema.describe(
    "The scope of everything in this file; an id of another workspace is never found.",
  ),
  agents: z.record(nameSchema, z.unknown()).describe("The bots, by the name they are called by."),
  channels: z
    .record(nameSchema, z.unknown())
    .describe("Connections to platforms; the key stands in the webhook's URL."),
});

/** The keys every channel has, whatever its kind. */
export const channelCommonSchema = z.strictObject({
  kind: z.string().describe("The platform."),
  agent: z.string().describe("The agent that answers here."),
  enabled: z
    .boolean()
    .default(true)
    .describe("`false` leaves the channel out; its variables need not be set."),
});
