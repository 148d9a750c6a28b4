import { readDeskReference } from "../../core/message/desk-act.ts";
import type { DeskMessage, DeskPress } from "../../core/message/desk-event.ts";
import { toAddress } from "./address.ts";
import { barredBecause, isReply, type SlackIdentity } from "./addressing.ts";
import type { SlackMessage } from "./event.ts";
import type { SlackPress } from "./interaction.ts";
import type { People } from "./people.ts";
import { filesOf, writtenText } from "./said.ts";
import { readableText } from "./text.ts";

export interface DeskReaderDeps {
  people: People;
  isDesk(conversation: string): boolean;
}

/** Reads what members write and press in the conversations of desks. */
export function createDeskReader({ people, isDesk }: DeskReaderDeps) {
  const placeOf = (team: string | null, channel: string) => (team === null ? channel : `${team}/${channel}`);

  async function memberOf(team: string | null, userId: string): Promise<DeskMessage["member"]> {
    const name = await people.nameOf(team, userId);
    return { identifier: userId, ...(name === null ? {} : { name }) };
  }

  return {
    isDesk: (team: string | null, channel: string) => isDesk(placeOf(team, channel)),

    /** Null: it is no reply of a person in a thread, or the lesser one of its two events. */
    async message(
      team: string | null,
      message: SlackMessage,
      eventId: string,
      us: SlackIdentity,
    ): Promise<DeskMessage | null> {
      const { channel, ts, thread_ts: thread, user = "" } = message;
      // A mention comes as a message too. The event of the mention often lacks the files, and may come first.
      if (message.type === "app_mention") return null;
      if (barredBecause(message, us) !== null || thread === undefined || !isReply(message)) return null;
      const nameOf = (id: string) => people.nameOf(team, id);
      const [member, text] = await Promise.all([
        memberOf(team, user),
        readableText(writtenText(message), { nameOf }),
      ]);
      const attachments = filesOf(team, message);
      return {
        type: "desk_message",
        eventKeys: [`event:${eventId}`, `message:${channel}:${ts}`],
        thread: toAddress(team, channel, thread),
        member,
        text: text.trim(),
        ...(attachments.length === 0 ? {} : { attachments }),
      };
    },

    /** Null: the button is no card's. */
    async press(team: string | null, press: SlackPress): Promise<DeskPress | null> {
      const act = readDeskReference(press.reference);
      if (act === null) return null;
      return {
        type: "desk_press",
        eventKeys: [
          `press:${press.channel}:${press.ts}:${press.reference}:${press.userId}:${press.actionTs}`,
        ],
        thread: toAddress(team, press.channel, press.threadTs),
        card: `${press.channel}:${press.ts}`,
        member: await memberOf(team, press.userId),
        act,
      };
    },
  };
}

export type DeskReader = ReturnType<typeof createDeskReader>;
