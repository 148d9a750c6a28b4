import { moveGrant } from "../access/grants-repository.ts";
import { overloaded } from "../core/faults/errors.ts";
import type { DeliveryReceipt } from "../core/message/channel-event.ts";
import type { DeskMessage, DeskPress } from "../core/message/desk-event.ts";
import type { Logger } from "../core/process/logger.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { DeliveryRepository } from "../delivery/delivery-repository.ts";
import { createDeskRepository } from "../handoffs/desk-repository.ts";
import type { Handoffs } from "../handoffs/handoffs-repository.ts";
import { holdFromPhone } from "../handoffs/phone-repository.ts";
import { createRatingRepository } from "../sessions/rating-repository.ts";
import type { NotifySession } from "../sessions/session-notices.ts";
import type { Database } from "../storage/database.ts";
import type { ExecutionRepository } from "../turns/answering/execution-repository.ts";
import type { UserAliases } from "../users/alias-repository.ts";
import { createMarketingPreferences } from "../users/marketing-repository.ts";
import { createUnreachableUsers } from "../users/unreachable-repository.ts";
import type { OtherEvents } from "./accept-inbound.ts";
import { createUnansweredRepository } from "./unanswered-repository.ts";

export interface OtherEventsDeps {
  database: Pick<Database, "intake">;
  aliases: UserAliases;
  delivery: {
    applyReceipt(channelId: string, receipt: DeliveryReceipt): Promise<void>;
    deliveries: Pick<DeliveryRepository, "moveAddress">;
    /** Sends what a session's commits planned for a desk. */
    tellDesk(sessionId: string): void;
  };
  turns: {
    executions: Pick<ExecutionRepository, "runningAt">;
    cancelExecution(executionId: string): Promise<boolean>;
    handoffs: Pick<Handoffs, "contextOf" | "move">;
    notifySession: NotifySession;
  };
  /** Called after an event was stored without a turn. `opens`: the address that now allows messages to the user. */
  onStored(channel: ChannelRef, isNew: boolean, opens: string | null): void;
  log: Logger;
}

/** Handles the events that are no message of a user. */
export function createOtherEvents(deps: OtherEventsDeps): OtherEvents {
  const { aliases, delivery, turns, log } = deps;
  const { intake: pool } = deps.database;
  const unreachable = createUnreachableUsers(pool);
  const marketing = createMarketingPreferences(pool);
  const unanswered = createUnansweredRepository(pool);
  const ratings = createRatingRepository(pool);
  const desks = createDeskRepository(pool, turns.handoffs.contextOf);

  const whoIs = (channel: ChannelRef, event: { userIdentifier: string; aliases?: readonly string[] }) =>
    aliases.findIdentifier(channel.id, [event.userIdentifier, ...(event.aliases ?? [])]);

  async function atDesk(channel: ChannelRef, event: DeskMessage | DeskPress): Promise<void> {
    const handled = await desks.handle(channel, event);
    if (handled.kind === "not_yet") throw overloaded();
    if (handled.kind !== "elsewhere") deps.onStored(channel, handled.kind === "acted", null);
    log.debug(
      { channel: channel.name, thread: event.thread, handled: handled.kind },
      "handled a message or a press at a desk",
    );
    if (handled.kind !== "acted") return;
    turns.handoffs.move(handled.outcome);
    delivery.tellDesk(handled.sessionId);
  }

  return {
    desk_message: atDesk,
    desk_press: atDesk,
    receipt: (channel, receipt) => delivery.applyReceipt(channel.id, receipt),
    async reachability(channel, event) {
      const identifier = await whoIs(channel, event);
      if (event.unreachable === null) await unreachable.clear(channel.id, identifier);
      else await unreachable.mark(channel.id, identifier, event.unreachable);
    },
    async marketing_preference(channel, event) {
      await marketing.set(channel.id, await whoIs(channel, event), event.isWanted);
    },
    async rating(channel, event) {
      const found = await ratings.findSent(channel.id, event.externalId, event.place);
      // A quick reaction can arrive before the record of the message. The platform sends it again.
      if (found === "not_yet") throw overloaded();
      if (found === null)
        return log.debug({ channel: channel.name }, "a reaction to a message that is not ours was ignored");
      const { rater, rating, takesBack, at } = event;
      const identifier = await whoIs(channel, { userIdentifier: rater.identifier });
      const rated = await ratings.rate({ workspaceId: channel.workspaceId }, found.messageId, {
        rater: { ...rater, identifier },
        rating,
        comment: null,
        via: channel.kind,
        at,
        takesBack,
      });
      if (rated.kind === "rated") turns.notifySession(channel.id, rated.sessionId, { type: "messages" });
    },
    async address_change(channel, { from, to }) {
      await delivery.deliveries.moveAddress(channel.id, from, to);
      await aliases.move(channel.id, from, to);
      await moveGrant(pool, channel.id, from, to);
    },
    async stop(channel, stop) {
      for (const id of await turns.executions.runningAt(channel.id, stop.address))
        await turns.cancelExecution(id);
    },
    async operator_message(channel, event) {
      const { contextOf, move } = turns.handoffs;
      const stored = await unanswered.storeOperatorMessage(channel, event, (client, sessionId, author) =>
        holdFromPhone(client, sessionId, author, contextOf),
      );
      deps.onStored(channel, stored !== null, null);
      if (stored === null) return;
      if (stored.held !== null) move(stored.held);
      else delivery.tellDesk(stored.sessionId);
      const ids = { channel: channel.name, session_id: stored.sessionId, message_id: stored.messageId };
      log.info(
        { ...ids, via: event.author.via },
        "a person of the business wrote to a user; the bot does not answer",
      );
    },
    async arrival(channel, event) {
      const stored = await unanswered.storeArrival(channel, event);
      deps.onStored(channel, stored !== null, event.conversation.address);
      if (stored === null) return;
      log.info(
        { channel: channel.name, session_id: stored.sessionId },
        "a user opened the chat without a message",
      );
    },
  };
}
