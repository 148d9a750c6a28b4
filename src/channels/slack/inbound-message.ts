import type { InboundMessage, MessageReference } from "../../core/message/inbound-message.ts";
import type { KnownConversation } from "../channel-options.ts";
import { inTeam, toAddress } from "./address.ts";
import { isDirect, isReply, mentionsUs, type SlackIdentity, withoutMention } from "./addressing.ts";
import type { SlackEvent, SlackMessage } from "./event.ts";
import { firstName, type People, workspaceOf } from "./people.ts";
import { filesOf, forwardedText, forwardsIn, referenceTo, sentAt } from "./said.ts";
import { readableText } from "./text.ts";
import type { ReadThread } from "./thread.ts";

export interface MessageReaderDeps {
  people: People;
  readThread: ReadThread;
  /** The configured agent that answers a first message; null: the agent of the channel. */
  route(channel: string, text: string): string | null;
}

/** The conversation of a message. */
export interface Place {
  /** The address for the answer. */
  address: string;
  known: KnownConversation | null;
}

export type MessageReader = ReturnType<typeof createMessageReader>;

/** Reads a message that is for the bot: its writer, its text in plain words, and all that it refers to. */
export function createMessageReader({ people, readThread, route }: MessageReaderDeps) {
  async function toMessage(
    { message, eventId, team }: SlackEvent,
    written: string,
    us: SlackIdentity,
    { address, known }: Place,
  ): Promise<InboundMessage> {
    const userId = message.user ?? "";
    noteWriter(people, team, message);
    const nameOf = (id: string) => people.nameOf(team, id);
    const isAlone = isDirect(message);
    const [name, locale, readable, forwards, thread] = await Promise.all([
      nameOf(userId),
      people.localeOf(team, userId),
      readableText(withoutMention(written, us), { nameOf }),
      Promise.all(forwardsIn(message).map((forward) => readForward(forward, nameOf))),
      known === null && isReply(message) && !isAlone ? readThread(message, team, us) : [],
    ]);
    const references = [...thread, ...forwards];
    const attachments = filesOf(team, message);
    // If a forward is all there is, it becomes the user's text. A mention alone becomes the text too, so that it is
    // answered.
    const text =
      readable === "" ? (forwards[0]?.text ?? (await readableText(written, { nameOf }))) : readable;
    const agent = known?.agent ?? route(message.channel, text);
    const userIdentifier = inTeam(team, userId);
    const author = { identifier: userIdentifier, ...(name === null ? {} : { name }) };
    const partOf = inTeam(team, message.channel);
    const externalKey = known?.externalKey ?? address;
    return {
      type: "message",
      // A mention in a channel comes as two events with one timestamp.
      eventKeys: [`event:${eventId}`, `message:${message.channel}:${message.ts}`],
      conversation: { address, userIdentifier, externalKey, ...(isAlone ? {} : { partOf }) },
      ...(agent === null ? {} : { agent }),
      ...(name === null ? {} : { userName: name }),
      profile: {
        chat_type: isAlone ? "im" : (message.channel_type ?? "channel"),
        ...(locale === null ? {} : { locale }),
      },
      text: text.trim(),
      ...(isAlone ? {} : { author }),
      ...sentAt(message.ts),
      ...(references.length === 0 ? {} : { references }),
      ...(attachments.length === 0 ? {} : { attachments }),
      // The event of the mention often lacks the attachments of the message: files, forwards, tables.
      ...(!isAlone && mentionsUs(message, written, us) ? { supplements: true } : {}),
    };
  }

  /** The new words of a message. Only these change, so it does not matter which conversation the message is in. */
  async function toEdit(event: SlackEvent, written: string, us: SlackIdentity): Promise<InboundMessage> {
    const { message, eventId, team, editTs } = event;
    const { user = "", channel, ts, thread_ts: thread } = message;
    const address = toAddress(team, channel, thread ?? ts);
    const names = { nameOf: (id: string) => people.nameOf(team, id) };
    const text =
      (await readableText(withoutMention(written, us), names)) || (await readableText(written, names));
    const { sentAt: editedAt } = sentAt(editTs ?? "");
    return {
      type: "message",
      eventKeys: [`event:${eventId}`],
      conversation: { address, userIdentifier: inTeam(team, user), externalKey: address },
      text: text.trim(),
      ...sentAt(ts),
      edits: { eventKey: `message:${channel}:${ts}` },
      ...(editedAt === undefined ? {} : { metadata: { edited_at: editedAt.toISOString() } }),
    };
  }

  return { toMessage, toEdit };
}

/** Events contain data about their writers, which saves a call. */
function noteWriter(people: People, team: string | null, message: SlackMessage): void {
  const { user: userId = "", user_profile: profile, user_team, team: ofMessage, source_team } = message;
  people.note(team, userId, {
    name: firstName([profile?.display_name, profile?.real_name, profile?.name]),
    team: workspaceOf(user_team, profile?.team, ofMessage, source_team),
  });
}

async function readForward(
  forward: ReturnType<typeof forwardsIn>[number],
  nameOf: (id: string) => Promise<string | null>,
): Promise<MessageReference> {
  const { author_name: name, author_subname: other, author_id: id, channel_id: channel, ts } = forward;
  const [author, text] = await Promise.all([
    firstName([name, other]) ?? (id ? nameOf(id) : null),
    readableText(forwardedText(forward), { nameOf }),
  ]);
  return referenceTo("forward", { channel, ts }, author, text);
}
