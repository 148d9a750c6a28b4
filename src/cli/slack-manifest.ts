import { slackManifest } from "../channels/slack/manifest.ts";

export interface ManifestRequest {
  /** The channel's name in the configuration file: part of its webhook URL. */
  channel: string;
  name: string;
  socket: boolean;
  /** Where Slack reaches us; undefined where nobody said. */
  publicUrl: string | undefined;
}

/** Prints the manifest of a Slack app for a channel. False, with what to do instead, where it has no address. */
export function printSlackManifest(request: ManifestRequest, print: (line: string) => void): boolean {
  const { channel, name, socket, publicUrl } = request;
  if (name.trim() === "" || name.length > 35) {
    print("Slack takes names of 1 to 35 characters.");
    return false;
  }
  if (socket) {
    print(JSON.stringify(slackManifest({ name, requestUrl: null }), null, 2));
    return true;
  }
  if (publicUrl === undefined || !/^https:\/\/[^\s/]/.test(publicUrl)) {
    print(
      "Slack posts events to an https address. Give it with --url or CAUSEWAY_PUBLIC_URL, or use --socket, which needs none.",
    );
    return false;
  }
  const requestUrl = `${publicUrl.replace(/\/+$/, "")}/webhooks/${encodeURIComponent(channel)}`;
  print(JSON.stringify(slackManifest({ name, requestUrl }), null, 2));
  return true;
}
