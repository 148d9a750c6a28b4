import type { SendResult } from "../../core/message/outbound.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { parseAddress } from "./address.ts";

/**
 * Marks refusals by a limit of one chat. Telegram counts messages per chat, over all its topics (20 messages a minute
 * in a group). So a refusal of a second topic says nothing about other chats, but a refusal of a second chat does.
 */
export function createFloods(): (address: string, result: SendResult) => SendResult {
  const refused = new Map<number, { address: string; until: number }>();

  return (address, result) => {
    if (result.kind !== "retry" || result.scope !== "conversation" || result.afterMs === undefined)
      return result;
    const chatId = parseAddress(address)?.chatId ?? 0;
    const now = monotonicMs();
    for (const [chat, { until }] of refused) if (until <= now) refused.delete(chat);
    const before = refused.get(chatId);
    if (before !== undefined && before.address !== address) return { ...result, alone: true };
    refused.set(chatId, { address, until: now + result.afterMs });
    return result;
  };
}
