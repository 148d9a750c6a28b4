import type { ChatFullInfo, ChatMember } from "grammy/types";
import { errorFinding, type Finding, okFinding } from "../../core/faults/finding.ts";
import type { DeskDiagnoseOptions } from "../channel-definition.ts";
import { parseAddress } from "./address.ts";
import { createBotApi } from "./bot-api.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";

const KEY = "conversation";

/** Checks that the bot may open topics in a desk's group (Bot API, getChat and getChatMember). */
export async function diagnoseDesk({
  config,
  conversation,
}: DeskDiagnoseOptions<TelegramConfig>): Promise<Finding[]> {
  const place = parseAddress(conversation);
  if (place === null || place.topic !== null || place.chatId > 0)
    return [
      errorFinding(
        KEY,
        `"${conversation}" is not the id of a Telegram group.`,
        "write the group's number; it looks like -1001234567890",
      ),
    ];
  const api = createBotApi(config);
  try {
    const me = await api.calls.getMe();
    const group = await api.calls.getChat(place.chatId);
    const member = await api.calls.getChatMember(place.chatId, me.id);
    return [...groupFindings(group), ...memberFindings(member)];
  } catch (error) {
    const why = describeFault(readFault(error, config.token));
    return [errorFinding(KEY, `${why}.`, "check the id, and add the bot to the group")];
  } finally {
    await api.close();
  }
}

function groupFindings(group: ChatFullInfo): Finding[] {
  if ("is_forum" in group && group.is_forum) return [okFinding(KEY, "The group has topics.")];
  return [errorFinding(KEY, "The group has no topics.", "turn on Topics in the settings of the group")];
}

function memberFindings(member: ChatMember): Finding[] {
  if (member.status === "administrator" && member.can_manage_topics)
    return [okFinding(KEY, "The bot may open topics in this group.")];
  const isThere = member.status !== "left" && member.status !== "kicked";
  return [
    errorFinding(
      KEY,
      isThere ? "The bot may not open topics in this group." : "The bot is not in this group.",
      "make the bot an administrator that may manage topics",
    ),
  ];
}
