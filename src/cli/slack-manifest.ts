import { slackManifest } from "../channels/slack/manifest.ts";

export interface ManifestRequest {
  /** The channel's name in the configuration file: part of its webhook URL. */
  channel: string;
  name: string;
  socket: boolean;
  /** Address at which Slack reaches us; undefined if none is given. */
  publicUrl: string | undefined;
}

export interface ManifestOutput {
  print(line: string): void;
  /** Prints remarks separately from the manifest, which programs read. */
  note(line: string): void;
}

/** Placeholder for a missing address, so that there is a manifest to read and to complete. */
const SOME_ADDRESS = "https://chat.example.org";

/**
 * Prints the manifest of a Slack app for a channel. If Slack would refuse its name, prints the reason and returns
 * false.
 */
export function printSlackManifest(request: ManifestRequest, { print, note }: ManifestOutput): boolean {
  const { channel, name, socket, publicUrl = SOME_ADDRESS } = request;
  if (name.trim() === "" || name.length > 35) {
    note("Slack takes names of 1 to 35 characters.");
    return false;
  }
  const requestUrl = `${publicUrl.replace(/\/+$/, "")}/webhooks/${encodeURIComponent(channel)}`;
  print(JSON.stringify(slackManifest({ name, requestUrl: socket ? null : requestUrl }), null, 2));
  if (!socket && (request.publicUrl === undefined || !/^https:\/\/[^\s/]/.test(publicUrl))) {
    note(
      `Slack posts events to an https address of yours, and ${publicUrl} is none. Give it with --url or CAUSEWAY_PUBLIC_URL, or use --socket, which needs none.`,
    );
  }
  return true;
}
