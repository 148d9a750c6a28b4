import type { z } from "zod";
import type { Finding } from "../core/faults/finding.ts";
import type { JsonObject } from "../core/text/json.ts";
import type { Channel } from "./channel.ts";
import type { ChannelCapabilities } from "./channel-capabilities.ts";
import type { ChannelOptions } from "./channel-options.ts";
import type { WebhookResponse } from "./channel-webhook.ts";

/** Tools for a channel's check of its configuration. */
export interface DiagnoseOptions<Config>
  extends Pick<ChannelOptions<Config>, "name" | "config" | "publicUrl"> {
  /**
   * Posts to the channel's own webhook at the public URL, as the platform would. Null if no Causeway answers there. The
   * posted body must not count as a message.
   */
  callWebhook(request: { headers: Record<string, string>; body: string }): Promise<WebhookResponse | null>;
  /** Compares our clock with that of the server at a URL. Empty if the server sends no time. */
  checkClock(url: string): Promise<Finding[]>;
  /** Aborts when nobody waits for the findings any more. */
  signal: AbortSignal;
}

/** The simulator, as the settings of a channel need it. */
export interface SimulatorPlace {
  /** The URL below which each platform has its path. */
  url: string;
  /** A made-up secret of 64 hexadecimal digits, the same one for the same purpose. */
  secret(what: string): string;
}

/** Tools for the check of a desk. */
export interface DeskDiagnoseOptions<Config> extends Pick<DiagnoseOptions<Config>, "config" | "signal"> {
  conversation: string;
}

/** A kind of channel: its capabilities, its configuration, and its constructor. */
export interface ChannelDefinition<
  Config = unknown,
  Made extends Channel | Promise<Channel> = Channel | Promise<Channel>,
> {
  kind: string;
  capabilities: ChannelCapabilities;
  configSchema: z.ZodType<Config>;
  /** Keys that this configuration does not need. Their variables may be unset. */
  optionalKeys?(source: JsonObject): readonly string[];
  /** A kind with an SDK loads it only here, so a service loads only the SDKs of its configured kinds. */
  create(options: ChannelOptions<Config>): Made;
  /**
   * The settings that connect a channel to the simulator. They keep those of the file, point every address at the
   * simulator, and make up what is missing. Absent: this platform is not simulated. Pure.
   */
  simulated?(given: JsonObject, simulator: SimulatorPlace): JsonObject;
  /** The agents (slugs) that a configuration names besides the channel's own. */
  agents?(config: Config): readonly string[];
  /**
   * Checks a configuration against the live platform, and tells what to fix. It changes nothing there and starts
   * nothing. An unreachable platform is a finding, not an error.
   */
  diagnose?(options: DiagnoseOptions<Config>): Promise<Finding[]>;
  /** Checks in the same way that the bot can open threads in the conversation of a desk. */
  diagnoseDesk?(options: DeskDiagnoseOptions<Config>): Promise<Finding[]>;
  /** Cuts a reply into parts that fit, without losing text. Pure. */
  split(text: string, format?: "text"): string[];
  /** The full identifier for a shorter form that an operator wrote. Pure. */
  identifierOf?(text: string): string;
  /** Other identifiers of the same person, such as the other forms of one number. Pure. */
  otherNamesOf?(identifier: string): readonly string[];
  /**
   * The account of a configuration, on platforms that allow one connection per account. It has the configuration key,
   * and a name that is the same for all connections to that account. `exclusive`: the connection takes the account from
   * every other one. Pure.
   */
  connection?(config: Config): { key: string; name: string; exclusive: boolean } | null;
  /** The capabilities of the configured connection, if they depend on its configuration. */
  variant?(config: Config): Pick<ChannelDefinition, "capabilities" | "split">;
}

/** Keeps the configuration type through the registry. `Made` is `Promise<Channel>` if an SDK is loaded first. */
export function defineChannel<Config, Made extends Channel | Promise<Channel> = Channel>(
  definition: ChannelDefinition<Config, Made>,
): ChannelDefinition<Config, Made> {
  return definition;
}
