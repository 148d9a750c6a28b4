import { isAccessPayload } from "../../core/message/access-press.ts";
import type { Button } from "../../core/message/button.ts";
import type { DeskPress } from "../../core/message/desk-event.ts";
import type { InboundMessage } from "../../core/message/inbound-message.ts";
import { findPressed, type PressReference, readPressReference } from "../../core/message/press.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { KnownConversation, OfferedButtons } from "../channel-options.ts";
import type { Later } from "../kit/later.ts";
import { inTeam, parseAddress, toAddress } from "./address.ts";
import { chosenBlocks } from "./blocks.ts";
import { BUTTONS_UNKNOWN, type Conversations, unknownInOutage } from "./conversations.ts";
import type { DeskReader } from "./desk-inbound.ts";
import { describeFault, readFault } from "./errors.ts";
import type { SlackPress } from "./interaction.ts";
import { type People, workspaceOf } from "./people.ts";
import { sentAt } from "./said.ts";
import type { Workspaces } from "./workspaces.ts";

export interface PressDeps {
  workspaces: Pick<Workspaces, "isShared" | "clientOf">;
  conversations: Conversations;
  people: People;
  /** Conversations of desks. Their buttons are those of cards. */
  desk: DeskReader;
  /** Tracks calls that nobody waits for. */
  track(task: Promise<unknown>): void;
  log: Logger;
}

/** The chosen button, the place of its message, and the person who pressed. */
interface Chosen {
  reference: PressReference;
  pressed: Button;
  address: string;
  known: KnownConversation | null;
  team: string | null;
  /** Null: Slack does not tell it. */
  name: string | null;
}

/** Turns a press of a button into the message that the user would have written in that thread. */
export function createPresses({ workspaces, conversations, people, desk, track, log }: PressDeps) {
  const { isShared, clientOf } = workspaces;

  /** Replaces the buttons with the choice. A failure here must not lose a press. */
  async function mark(press: SlackPress, team: string | null, blocks: ReturnType<typeof chosenBlocks>) {
    try {
      const client = await clientOf(team);
      const text = press.message.text || "…";
      await client?.chat.update({ channel: press.channel, ts: press.ts, text, blocks });
    } catch (error) {
      log.debug(
        { reason: describeFault(readFault(error)) },
        "a slack message was not marked with the choice",
      );
    }
  }

  /** Returns `later` if the offered buttons cannot be looked up. The user then sees that the press failed. */
  return async function readPress(press: SlackPress): Promise<(InboundMessage | DeskPress)[] | Later> {
    const given = isShared ? press.team : null;
    const atDesk = desk.isDesk(given, press.channel);
    const pressedCard = atDesk ? await desk.press(given, press) : null;
    if (pressedCard !== null) return [pressedCard];
    const reference = readPressReference(press.reference);
    const found =
      reference && (await findPressed(reference, conversations.findButtons).catch(unknownInOutage));
    if (found === undefined) return BUTTONS_UNKNOWN;
    const team = found && isShared ? senderOf(found.offered, press) : given;
    const address = toAddress(team, press.channel, press.threadTs);
    const isOffered = found && isHere(found.offered, address, press);
    if (!reference || !found || !isOffered || (atDesk && !isAccessPayload(found.pressed.payload))) {
      log.debug({ channelId: press.channel }, "slack press of a button that is not offered was ignored");
      return [];
    }
    const { pressed, offered } = found;
    people.note(team, press.userId, { name: null, team: workspaceOf(press.userTeam) });
    const rootKey = press.channel.startsWith("D") ? `message:${press.channel}:${press.threadTs}` : undefined;
    const [known, name] = await Promise.all([
      conversations.find(address, rootKey).catch(unknownInOutage),
      people.nameOf(team, press.userId),
    ]);
    if (known === undefined) return BUTTONS_UNKNOWN;
    const { messageId } = reference;
    const choice = `${pressed.label} (${name ?? press.userId})`;
    const { buttons } = offered;
    track(mark(press, team, chosenBlocks(press.message.blocks, choice, { messageId, buttons })));
    return [toMessage(press, { reference, pressed, address, known, team, name })];
  };
}

/** The message that the user would have written instead of the press. */
function toMessage(press: SlackPress, chosen: Chosen): InboundMessage {
  const { reference, pressed, address, known, team, name } = chosen;
  const isDirect = press.channel.startsWith("D");
  const userIdentifier = inTeam(team, press.userId);
  const author = { identifier: userIdentifier, ...(name === null ? {} : { name }) };
  return {
    type: "message",
    // Two quick clicks are two requests but one choice.
    eventKeys: [`press:${reference.messageId}:${reference.index}:${press.userId}`],
    conversation: {
      address,
      userIdentifier,
      externalKey: known?.externalKey ?? address,
      ...(isDirect ? {} : { partOf: inTeam(team, press.channel) }),
    },
    ...(known === null ? {} : { agent: known.agent }),
    ...(name === null ? {} : { userName: name }),
    profile: { chat_type: isDirect ? "im" : "channel" },
    text: pressed.label,
    ...(isDirect ? {} : { author }),
    ...sentAt(press.actionTs),
    payload: pressed.payload,
  };
}

/**
 * The installation that sent a message. For a channel that organizations share, Slack may name the workspace of the person
 * who pressed instead.
 */
function senderOf({ address, sentTo }: OfferedButtons, { team, channel }: SlackPress): string | null {
  const places = [sentTo, address].map((place) => (place === undefined ? null : parseAddress(place)));
  return places.find((place) => place?.channel === channel)?.team ?? team;
}

/**
 * Returns true if the message was sent to the place of the press. A message sent outside a thread may have begun this
 * thread.
 */
function isHere({ address, sentTo }: OfferedButtons, here: string, { channel, userId }: SlackPress): boolean {
  return [address, sentTo].some((place) => {
    if (place === undefined || place === here) return place === here;
    const [sent, pressed] = [parseAddress(place), parseAddress(here)];
    if (sent === null || sent.threadTs !== null || sent.team !== (pressed?.team ?? null)) return false;
    // A person's id as address is the direct conversation with that person.
    return sent.channel === channel || sent.channel === userId;
  });
}
