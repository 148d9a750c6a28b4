import type { KnownBlock, WebClient } from "@slack/web-api";
import { z } from "zod";
import { DESK_ACTS, type DeskAct, deskReference } from "../../core/message/desk-act.ts";
import type { SendResult } from "../../core/message/outbound.ts";
import type { ChannelDesk, DeskCard } from "../channel-desk.ts";
import { type SlackPlace, toAddress } from "./address.ts";
import { isFormatRefused, readFault, sendResultOf } from "./errors.ts";
import { escapeText } from "./text.ts";

/** The data of our cards, by which they are found again. */
const EVENT_TYPE = "causeway_handoff";
const metadataSchema = z
  .object({ event_type: z.literal(EVENT_TYPE), event_payload: z.object({ handoff_id: z.string() }) })
  .transform(({ event_payload: { handoff_id: id } }) => ({ id }));
/** Number of newest messages that are searched for a card. */
const MOST_SEARCHED = 200;

/** A card as an argument of Slack's methods. */
type CardContent = { text: string; mrkdwn: false; blocks?: KnownBlock[] };

/** Makes a call in the workspace of an address, within Slack's limits. */
type CallAt = (
  address: string,
  run: (client: WebClient, place: SlackPlace) => Promise<SendResult>,
  signal: AbortSignal,
) => Promise<SendResult>;

/** Desks in Slack: a card is the first message of its thread. */
export function createDesk(callAt: CallAt): ChannelDesk {
  /** The card of a post whose answer was lost. Slack returns the data that a message carries. */
  async function findPosted(client: WebClient, place: SlackPlace, card: DeskCard): Promise<string | null> {
    if (!card.mayBePosted || place.threadTs !== null) return null;
    const { messages = [] } = await client.conversations.history({
      channel: place.channel,
      include_all_metadata: true,
      limit: MOST_SEARCHED,
    });
    const found = messages.find(
      ({ metadata }) => metadataSchema.safeParse(metadata).data?.id === card.handoffId,
    );
    return found?.ts ?? null;
  }

  async function post(
    client: WebClient,
    place: SlackPlace,
    card: DeskCard,
  ): Promise<SendResult & { once?: boolean }> {
    const posted = await findPosted(client, place, card);
    if (posted !== null) {
      const began = toAddress(place.team, place.channel, posted);
      return { kind: "sent", externalIds: [`${place.channel}:${posted}`], began, once: true };
    }
    const thread = place.threadTs === null ? {} : { thread_ts: place.threadTs };
    const asLinks = { unfurl_links: false, unfurl_media: false };
    const metadata = { event_type: EVENT_TYPE, event_payload: { handoff_id: card.handoffId } };
    const { channel = place.channel, ts = "" } = await inBlocks(card, (content) =>
      client.chat.postMessage({ channel: place.channel, ...thread, ...content, ...asLinks, metadata }),
    );
    return {
      kind: "sent",
      externalIds: [`${channel}:${ts}`],
      began: toAddress(place.team, channel, place.threadTs ?? ts),
    };
  }

  async function change(client: WebClient, card: DeskCard, cardId: string): Promise<SendResult> {
    const [channel = "", ts = ""] = cardId.split(":");
    await inBlocks(card, (content) => client.chat.update({ channel, ts, ...content }));
    return { kind: "sent", externalIds: [cardId] };
  }

  const faultAsResult = (error: unknown) => sendResultOf(readFault(error));
  return {
    post: (card, signal) =>
      callAt(
        card.thread ?? card.conversation,
        (client, place) => post(client, place, card).catch(faultAsResult),
        signal,
      ),
    change: (card, cardId, signal) =>
      callAt(card.thread, (client) => change(client, card, cardId).catch(faultAsResult), signal),
  };
}

/** Posts a text whose marks have no meaning, with buttons below it. Commands do the same if Slack refuses the blocks. */
async function inBlocks<T>(
  { text, actions }: Pick<DeskCard, "text" | "actions">,
  call: (content: CardContent) => Promise<T>,
): Promise<T> {
  const plain = { text: escapeText(text), mrkdwn: false } as const;
  const words: KnownBlock = {
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
  };
  const blocks = actions.length === 0 ? [words] : [words, buttonsOf(actions)];
  try {
    return await call({ ...plain, blocks });
  } catch (error) {
    if (!isFormatRefused(readFault(error))) throw error;
    return call(plain);
  }
}

function buttonsOf(actions: readonly DeskAct[]): KnownBlock {
  return {
    type: "actions",
    block_id: "desk",
    elements: actions.map((act) => ({
      type: "button",
      action_id: deskReference(act),
      text: { type: "plain_text", text: DESK_ACTS[act] },
    })),
  };
}
