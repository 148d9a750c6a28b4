import type { IncomingMessage, ServerResponse } from "node:http";
import { overloaded } from "../../core/faults/errors.ts";
import type { CallerOf } from "../server/caller-address.ts";
import { type BodyPlace, type BodyRoom, createBodyRoom } from "./body-room.ts";

/** The sender of a request, as far as the request has proven it. */
export interface BodySender {
  /** `unproven`: anybody. `visitor`: an admitted visitor. `known`: a platform, or the holder of a key. */
  trust: "unproven" | "visitor" | "known";
  /** The sender that the memory counts for. */
  name: string;
}

/** Maximum memory of bodies in this process, by the trust in their senders. Bytes. */
export type BodyRoomSizes = Record<BodySender["trust"], number>;

/** One sender gets at most half of a room. The largest file must fit into that half and leave room for others. */
export function withRoomForFiles(sizes: BodyRoomSizes, fileBytes: number): BodyRoomSizes {
  return {
    ...sizes,
    visitor: Math.max(sizes.visitor, 3 * fileBytes),
    known: Math.max(sizes.known, 3 * fileBytes),
  };
}

/** A body that makes progress is not dropped for another body of the same sender, milliseconds. */
const SPARED_MS = 1_000;

const BODY = Symbol("the memory of a request's body");

/**
 * A request with the memory account of its body. The account is on the request itself, because V8's young collector
 * keeps everything in a WeakMap.
 */
export interface RequestWithBody extends IncomingMessage {
  [BODY]?: BodyAccount;
}

interface BodyAccount {
  rooms: Record<BodySender["trust"], BodyRoom>;
  sender: BodySender | null;
  callerOf: CallerOf;
  place: BodyPlace | null;
  isOver: boolean;
}

/** A request's body takes memory until the request is answered. The bytes received count, not those announced. */
export function keepBodies(sizes: BodyRoomSizes, callerOf: CallerOf) {
  const rooms = {
    // A body without proof is never spared, so it makes nobody wait.
    unproven: createBodyRoom(sizes.unproven),
    visitor: createBodyRoom(sizes.visitor, { sparedMs: SPARED_MS }),
    known: createBodyRoom(sizes.known, { sparedMs: SPARED_MS }),
  };
  return (request: RequestWithBody, response: ServerResponse): void => {
    const account: BodyAccount = { rooms, sender: null, callerOf, place: null, isOver: false };
    request[BODY] = account;
    response.on("close", () => {
      account.isOver = true;
      account.place?.leave();
    });
  };
}

/** Sets the sender of a request, before its body is read. */
export function setBodySender(request: RequestWithBody, sender: BodySender): void {
  const account = request[BODY];
  if (account) account.sender = sender;
}

/**
 * The check of a received body proved its sender, so the body now counts for that sender. Throws a 503 if the sender
 * has no memory left.
 */
export function moveBody(request: RequestWithBody, sender: BodySender, bytes: number): void {
  const account = request[BODY];
  if (!account?.place) return;
  const place = account.rooms[sender.trust].begin(sender.name, () => undefined);
  if (!place.grow(bytes)) throw overloaded();
  place.complete();
  account.place.leave();
  account.place = place;
}

/** Begins to read a body. Null means no limit. */
export function beginBody(
  request: RequestWithBody,
  giveUp: Parameters<BodyRoom["begin"]>[1],
): BodyPlace | null {
  const account = request[BODY];
  if (!account) return null;
  const { trust, name } = account.sender ?? { trust: "unproven", name: account.callerOf(request) };
  account.place = account.rooms[trust].begin(name, giveUp);
  if (account.isOver) account.place.leave();
  return account.place;
}
