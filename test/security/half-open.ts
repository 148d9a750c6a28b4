import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connections of a client that begins something and then sends nothing. */
export class HalfOpen implements Disposable {
  readonly sockets: Socket[] = [];
  readonly #url: URL;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Opens a connection, writes, and sends nothing more. Resolves when all bytes are on their way. */
  async begin(...parts: (string | Buffer)[]): Promise<Socket> {
    const socket = connect(Number(this.#url.port), this.#url.hostname);
    socket.on("error", () => undefined);
    this.sockets.push(socket);
    await once(socket, "connect");
    for (const part of parts)
      if (!socket.write(part)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
    return socket;
  }

  /** The data received on a connection so far, and the state of the other side. */
  static watch(socket: Socket): { answer: string; closed: boolean } {
    const seen = { answer: "", closed: socket.destroyed };
    socket.on("data", (bytes) => {
      seen.answer += bytes.toString("latin1");
    });
    socket.on("close", () => {
      seen.closed = true;
    });
    return seen;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** The head of a POST whose body comes in chunks, or has the announced length. */
export function headOf(
  path: string,
  headers: Record<string, string> = {},
  length: number | "chunked" = "chunked",
): string {
  const body = length === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${path} HTTP/1.1`, "Host: a", "Content-Type: application/json", body, ...lines, "", ""].join(
    "\r\n",
  );
}
