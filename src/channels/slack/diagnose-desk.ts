import { errorFinding, type Finding, okFinding, warningFinding } from "../../core/faults/finding.ts";
import type { DeskDiagnoseOptions } from "../channel-definition.ts";
import { parseAddress } from "./address.ts";
import type { SlackConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";
import { createWebApi } from "./web-api.ts";

const KEY = "conversation";
const INVITE = "write /invite @<the app> in that channel";

/** Checks that the bot is in a desk's conversation. It reads there, because that needs no scope that the bot lacks. */
export async function diagnoseDesk({
  config,
  conversation,
}: DeskDiagnoseOptions<SlackConfig>): Promise<Finding[]> {
  const { botToken, apiUrl } = config;
  const place = parseAddress(conversation);
  if (place === null || place.threadTs !== null)
    return [
      errorFinding(
        KEY,
        `"${conversation}" is not the id of a Slack channel.`,
        "copy the id from the end of the channel's details; it looks like C0123456789",
      ),
    ];
  if (botToken === undefined)
    return [
      warningFinding(
        KEY,
        "With several workspaces the tokens are in the database, so this desk was not looked at.",
        "see in the channel's list of errors whether cards arrive",
      ),
    ];
  const api = createWebApi(apiUrl);
  try {
    await api.clientFor(botToken).conversations.history({ channel: place.channel, limit: 1 });
    return [okFinding(KEY, "The bot is in this channel and reads it.")];
  } catch (error) {
    const fault = readFault(error);
    if (fault.kind !== "refused")
      return [errorFinding(KEY, `${describeFault(fault)}.`, "check the network, `apiUrl` and proxies")];
    if (fault.error === "not_in_channel")
      return [errorFinding(KEY, "The bot is not in this channel.", INVITE)];
    const isUnknown = fault.error === "channel_not_found";
    const what = isUnknown ? "Slack knows no such channel, or it is private and without the bot." : null;
    return [
      errorFinding(
        KEY,
        what ?? `${describeFault(fault)}.`,
        isUnknown ? `check the id, or ${INVITE}` : INVITE,
      ),
    ];
  } finally {
    await api.close();
  }
}
