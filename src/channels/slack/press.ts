import type { WebClient } from "@slack/web-api";
import type { ChannelEvent } from "../../core/channel-event.ts";
import { RequestError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { findPressed, readPressReference } from "../../core/press.ts";
import type { OfferedButtons } from "../channel.ts";
import { parseAddress, toAddress } from "./address.ts";
import { chosenBlocks } from "./blocks.ts";
import { describeFault, readFault } from "./errors.ts";
import type { FindConversation } from "./inbound.ts";
import type { SlackPress } from "./interaction.ts";
import type { People } from "./people.ts";

export interface PressDeps {
  /** Whether presses come from several workspaces. */
  isShared: boolean;
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  findConversation: FindConversation;
  people: People;
  clientOf(team: string | null): Promise<WebClient | null>;
  /** Watches over calls that nobody waits for. */
  track(task: Promise<unknown>): void;
  log: Logger;
}

/** Presses of buttons below our messages: what the user would have written in that thread. */
export function createPresses(deps: PressDeps) {
  const { findButtons, findConversation, people, log } = deps;

  /** Puts the choice in the place of the buttons. Not worth losing a press for. */
  async function mark(press: SlackPress, team: string | null, blocks: ReturnType<typeof chosenBlocks>) {
    try {
      const client = await deps.clientOf(team);
      const text = press.message.text || "…";
      await client?.chat.update({ channel: press.channel, ts: press.ts, text, blocks });
    } catch (error) {
      log.debug(
        { reason: describeFault(readFault(error)) },
        "a slack message was not marked with the choice",
      );
    }
  }

  /** Rejects with 503 where it cannot be known what was offered: the user sees that the press failed. */
  return async function readPress(press: SlackPress): Promise<ChannelEvent[]> {
    const team = deps.isShared ? press.team : null;
    const conversation = toAddress(team, press.channel, press.threadTs);
    const reference = readPressReference(press.reference);
    const found = reference && (await findPressed(reference, findButtons).catch(unknown));
    if (!reference || !found || !isHere(found.offered.address, conversation, press)) {
      log.debug({ channelId: press.channel }, "slack press of nothing that is offered ignored");
      return [];
    }
    const { pressed, offered } = found;
    const [known, name] = await Promise.all([
      findConversation(conversation).catch(unknown),
      people.nameOf(team, press.userId),
    ]);
    const userIdentifier = team === null ? press.userId : `${team}/${press.userId}`;
    const isGuest = known !== null && known.userIdentifier !== userIdentifier;
    const { messageId, index } = reference;
    const choice = `${pressed.label} (${name ?? press.userId})`;
    const { buttons } = offered;
    deps.track(mark(press, team, chosenBlocks(press.message.blocks, choice, { messageId, buttons })));
    return [
      {
        type: "message",
        // Two quick clicks are two requests and one choice.
        eventKeys: [`press:${messageId}:${index}:${press.userId}`],
        conversation: { address: conversation, userIdentifier, externalId: conversation },
        ...(known === null ? {} : { agent: known.agent }),
        ...(name === null ? {} : { userName: name }),
        profile: { chat_type: press.channel.startsWith("D") ? "im" : "channel" },
        text: isGuest ? `${name ?? press.userId}: ${pressed.label}` : pressed.label,
        payload: pressed.payload,
      },
    ];
  };
}

/** Whether a message went where the press comes from. One that began no thread of ours may have begun this one. */
function isHere(address: string, conversation: string, { channel, userId }: SlackPress): boolean {
  if (address === conversation) return true;
  const [sent, here] = [parseAddress(address), parseAddress(conversation)];
  if (sent === null || sent.threadTs !== null || sent.team !== (here?.team ?? null)) return false;
  // A person's id as address is the direct conversation with them.
  return sent.channel === channel || sent.channel === userId;
}

function unknown(cause: unknown): never {
  throw new RequestError(503, "buttons_unknown", "What was offered cannot be looked up. Press again.", {
    headers: { "Retry-After": "5" },
    cause,
  });
}
