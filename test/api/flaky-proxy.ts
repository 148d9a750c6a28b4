import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A failure for one request. */
export type Mishap =
  /** The proxy answers instead of the service. */
  | { status: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks before the service gets the request, or after the service answered. */
  | { cut: "before" | "after" }
  /** The connection breaks after this many bytes of the answer. With `clean` the answer looks complete. */
  | { bytes: number; clean?: boolean };

/** A proxy between a client and the service, which fails on demand. */
export async function startFlakyProxy(target: string) {
  const mishaps: Mishap[] = [];
  const requests: { method: string; path: string; headers: IncomingMessage["headers"]; body: string }[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = "GET", url = "/", headers } = request;
    requests.push({ method, path: url, headers, body: String(body) });
    const mishap = mishaps.shift();
    if (mishap && "status" in mishap) {
      response.writeHead(mishap.status, mishap.headers).end(mishap.body);
      return;
    }
    if (mishap && "cut" in mishap && mishap.cut === "before") return void request.socket.destroy();
    const { host: _host, connection: _connection, "content-length": _length, ...passed } = headers;
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: passed as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    if (mishap && "cut" in mishap) {
      await answer.text();
      return void request.socket.destroy();
    }
    const shown = Object.fromEntries(
      [...answer.headers].filter(
        ([name]) => !["content-length", "content-encoding", "connection"].includes(name),
      ),
    );
    response.writeHead(answer.status, shown);
    let left = mishap && "bytes" in mishap ? mishap.bytes : Number.POSITIVE_INFINITY;
    for await (const chunk of answer.body ?? []) {
      const part = Buffer.from(chunk).subarray(0, left);
      left -= part.length;
      await new Promise((resolve) => response.write(part, resolve));
      if (left > 0) continue;
      if (mishap && "clean" in mishap && mishap.clean) response.end();
      else request.socket.destroy();
      return;
    }
    response.end();
  }

  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** Sets the failures of the next requests, in order. */
    next: (...more: Mishap[]) => void mishaps.push(...more),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
