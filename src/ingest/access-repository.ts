import type { PoolClient } from "pg";
import { newCode } from "../access/access-code.ts";
import { cardWords } from "../access/card-words.ts";
import { type PlannedDelivery, planCards } from "../access/cards-repository.ts";
import { type Decider, decideAccess, type Refusal } from "../access/decide-access.ts";
import { grantAccess } from "../access/grants-repository.ts";
import { readInvite } from "../access/invite-code.ts";
import { countUse, findInvite } from "../access/invites-repository.ts";
import { countUnkept, expireRequests, joinRequest, openRequest } from "../access/requests-repository.ts";
import { readFacts } from "../access/sender-facts-repository.ts";
import { newId } from "../core/ids.ts";
import { type AccessSettings, type ApproverPlace, codeWords } from "../core/session/access-settings.ts";
import { shortened } from "../core/text/text.ts";
import { appendNotice } from "../sessions/append-repository.ts";
import { keepEarlyEdit, takeEarlyEdit } from "./early-edit-repository.ts";
import { heldForm, release } from "./held-messages-repository.ts";
import type { InboundOutcome, InboundRow } from "./inbound-row.ts";
import { isListed } from "./strangers-repository.ts";

/*
 * Decides if a sender may talk to the bot. It runs in the transaction that stores the message, so every process decides
 * the same.
 */

/** Time for which a request waits, milliseconds. Without a code, an operator has more time. */
const LIFETIME_MS = { pairing: 60 * 60_000, allowlist: 24 * 60 * 60_000 } as const;

/** Characters of the first words that operators see. */
export const EXCERPT = 500;

/** The deciders of decisions that no person makes now. */
const BY_LIST: Decider = { name: "the list in the configuration", via: "config" };

const BY_GRANT: Decider = { name: "an earlier decision", via: "grant" };

/** The bot gets this text instead of an invite's code. On Telegram it opens a chat. */
const ARRIVES = "/start";

/** Refusals that the sender need not know, because no message of theirs is lost. */
const HARMLESS: readonly Refusal[] = ["repeated", "not_for_bot"];

type Asked =
  /** `row`: the message as the bot gets it. `held`: messages of the sender that waited, oldest first. */
  { kind: "admitted"; row: InboundRow; held: InboundRow[] } | { kind: "kept_out"; outcome: InboundOutcome };

/** Decides if the sender of a message may talk to the bot, and carries out the decision. The channel is locked. */
export async function askAccess(client: PoolClient, row: InboundRow): Promise<Asked> {
  const { channelId, userIdentifier: identifier, eventKeys, access } = row;
  if (access === null) return { kind: "admitted", row, held: [] };
  const { settings, names } = access;
  const facts = await readFacts(client, channelId, { identifier, names, eventKeys });
  const albumKey = row.gathering?.albumKey ?? null;
  const code = readInvite(row.content);
  const invite = code === null ? null : await findInvite(client, channelId, code);
  const inviteState = code === null ? null : (invite?.state ?? "unknown");
  const decision = decideAccess({
    invite: inviteState,
    policy: settings.policy,
    isListed: isListed(row),
    isForBot: row.gathering?.onlyWithAlbum !== true,
    eventKeys,
    albumKey,
    ...facts,
  });
  switch (decision.kind) {
    case "admitted": {
      if (invite !== null && decision.because === "invited") return admitByInvite(client, row, invite);
      const by = decision.because === "listed" ? BY_LIST : BY_GRANT;
      return { kind: "admitted", row, held: await release(client, row, by) };
    }
    case "pending":
      if (facts.requests.length > 0) await expireRequests(client, channelId, identifier);
      return {
        kind: "kept_out",
        outcome: await hold(client, row, settings, { ...decision, invite: inviteState }),
      };
    case "joins": {
      const { requestId } = decision;
      await joinRequest(client, requestId, { messageId: row.messageId, eventKeys, held: heldForm(row) });
      return { kind: "kept_out", outcome: { kind: "pending", requestId, planned: [] } };
    }
    case "refused":
      if (facts.requests.length > 0 && !HARMLESS.includes(decision.because))
        await countUnkept(client, channelId, identifier);
      return { kind: "kept_out", outcome: decision };
  }
}

/** Gives the sender of an invite access. The same commit counts the use of the invite. */
async function admitByInvite(
  client: PoolClient,
  row: InboundRow,
  invite: { id: string; by: Decider },
): Promise<Asked> {
  const { workspaceId, channelId, userIdentifier: identifier, userName: name } = row;
  await countUse(client, invite.id);
  await grantAccess(client, {
    id: newId(),
    workspaceId,
    channelId,
    identifier,
    name,
    source: "invite",
    by: invite.by,
  });
  const held = await release(client, row, invite.by);
  const edit = await takeEarlyEdit(client, row);
  // An edit that has the code, too, is not needed any more. Other words are the message.
  if (edit !== null && readInvite(edit.content) === null) await keepEarlyEdit(client, edit);
  const arrives = { ...row, content: ARRIVES, payload: null, choice: null, title: null };
  return { kind: "admitted", row: arrives, held };
}

/** Holds a message, and tells its sender. */
async function hold(
  client: PoolClient,
  row: InboundRow,
  { policy, text, codeText, places }: AccessSettings,
  { place, greets, asks, invite }: { place: number; greets: boolean; asks: boolean; invite: string | null },
): Promise<InboundOutcome> {
  const requestId = newId();
  const code = policy === "pairing" ? newCode() : null;
  const { workspaceId, channelId, address, eventKeys, replyReference } = row;
  await openRequest(client, {
    id: requestId,
    workspaceId,
    channelId,
    identifier: row.userIdentifier,
    name: row.userName,
    place,
    code,
    text: excerptOf(row),
    messageId: row.messageId,
    eventKeys,
    albumKey: row.gathering?.albumKey ?? null,
    invite: invite === "valid" ? null : invite,
    held: heldForm(row),
    lifetimeMs: LIFETIME_MS[policy],
  });
  const words = [
    ...(greets && text !== null ? [text] : []),
    ...(code === null ? [] : [codeWords(codeText, code)]),
  ];
  const notice = {
    workspaceId,
    channelId,
    accessRequestId: requestId,
    address,
    content: words.join("\n\n"),
    answers: { eventKeys, ...(replyReference === null ? {} : { replyReference }) },
  };
  const told = words.length === 0 ? [] : [{ id: await appendNotice(client, notice), channelId }];
  const cards = asks ? await askApprovers(client, row, requestId, places()) : [];
  return { kind: "pending", requestId, planned: [...told, ...cards] };
}

async function askApprovers(
  client: PoolClient,
  row: InboundRow,
  id: string,
  places: readonly ApproverPlace[],
): Promise<PlannedDelivery[]> {
  if (places.length === 0) return [];
  const { workspaceId, channelId, userIdentifier: identifier, userName: name } = row;
  const { rows } = await client.query<{ name: string }>("SELECT name FROM channels WHERE id = $1", [
    channelId,
  ]);
  const channel = rows[0]?.name ?? "";
  const words = cardWords({ channel, identifier, name, text: excerptOf(row) });
  return planCards(client, { id, workspaceId, words }, places);
}

/** The begin of a message, with its files in words, for whoever decides. */
function excerptOf({ content, attachments }: InboundRow): string {
  const files = attachments.map(({ kind, name }) =>
    name === undefined ? `[${kind}]` : `[${kind}: ${name}]`,
  );
  return shortened([content, ...files].filter((line) => line.trim() !== "").join("\n"), EXCERPT);
}
