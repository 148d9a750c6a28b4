import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { senderName } from "../../core/network/network-address.ts";

export interface ConnectionBounds {
  /** Maximum number of open connections. */
  most: number;
  /** Maximum time in which a client may read nothing of its answer, milliseconds. */
  unreadMs: number;
}

export interface Connections {
  /** Records a request on its connection. Returns false if there are too many on it; then it must not be answered. */
  begin(request: IncomingMessage, response: ServerResponse): boolean;
  /** A connection became something else, such as a WebSocket, which has its own limits. */
  keep(socket: Duplex): void;
}

interface Connection {
  socket: Socket;
  peer: Peer;
  /** The number of unanswered requests on it. */
  open: number;
  request: IncomingMessage | null;
}

/** All connections from one address. Both sets are in order of time. */
interface Peer {
  connections: number;
  /** Between two requests, or before the first one. */
  idle: Set<Connection>;
  /** With a request whose body may still arrive. */
  sending: Set<Connection>;
}

/**
 * Maximum number of requests sent on one connection before their answers. No browser and no known proxy sends that
 * many.
 */
const MOST_PIPELINED = 32;
/** Maximum number of sending connections that are checked for an unfinished body. */
const LOOKED_AT = 32;

/**
 * Keeps room for new connections. If all places are taken, it closes a connection that waits for no answer. It chooses
 * the address with most of them. Running out of file descriptors would affect everybody, and the database too.
 */
export function guardConnections(server: Server, bounds: ConnectionBounds): Connections {
  const peers = new Map<string, Peer>();
  const connections = new WeakMap<Duplex, Connection>();
  let open = 0;

  server.on("connection", (socket: Socket) => {
    if (open >= bounds.most && !makeRoom(peers)) return void socket.destroy();
    const name = senderName(socket.remoteAddress ?? "");
    const peer = peers.get(name) ?? { connections: 0, idle: new Set(), sending: new Set() };
    const connection: Connection = { socket, peer, open: 0, request: null };
    connections.set(socket, connection);
    peers.set(name, peer);
    peer.idle.add(connection);
    peer.connections += 1;
    open += 1;
    socket.once("close", () => {
      forget(connection);
      peer.connections -= 1;
      open -= 1;
      if (peer.connections === 0 && peers.get(name) === peer) peers.delete(name);
    });
  });

  // Closes the connection of a client that reads nothing of its answer. A client that waits for an answer is not
  // closed.
  server.setTimeout(bounds.unreadMs, (socket: Socket) => {
    const waits = (connections.get(socket)?.open ?? 0) > 0;
    if (waits && socket.writableLength === 0) socket.setTimeout(bounds.unreadMs);
    else socket.destroy();
  });

  return {
    begin(request, response) {
      const connection = connections.get(request.socket);
      if (!connection) return true;
      const { peer, socket } = connection;
      if (connection.open >= MOST_PIPELINED) {
        socket.destroy();
        return false;
      }
      connection.open += 1;
      connection.request = request;
      peer.idle.delete(connection);
      if (hasBody(request)) peer.sending.add(connection);
      response.once("close", () => {
        connection.open -= 1;
        if (connection.open > 0 || socket.destroyed) return;
        connection.request = null;
        peer.sending.delete(connection);
        peer.idle.add(connection);
      });
      return true;
    },
    keep(socket) {
      const connection = connections.get(socket);
      if (connection) forget(connection);
    },
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** Closes the least needed connection. Returns false if all are in use. */
function makeRoom(peers: ReadonlyMap<string, Peer>): boolean {
  const idle = most(peers, ({ idle: { size } }) => size);
  const victim = first(idle?.idle) ?? stillSending(most(peers, ({ sending: { size } }) => size));
  if (victim === null) return false;
  forget(victim);
  victim.socket.destroy();
  return true;
}

function most(peers: ReadonlyMap<string, Peer>, sizeOf: (peer: Peer) => number): Peer | null {
  let found: Peer | null = null;
  for (const peer of peers.values()) if (found === null || sizeOf(peer) > sizeOf(found)) found = peer;
  return found;
}

function first(connections: ReadonlySet<Connection> | undefined): Connection | null {
  for (const connection of connections ?? []) return connection;
  return null;
}

function stillSending(peer: Peer | null): Connection | null {
  let looked = 0;
  for (const connection of peer?.sending ?? []) {
    if (connection.request?.complete === false) return connection;
    if (++looked >= LOOKED_AT) return null;
  }
  return null;
}

function forget(connection: Connection): void {
  connection.peer.idle.delete(connection);
  connection.peer.sending.delete(connection);
}
