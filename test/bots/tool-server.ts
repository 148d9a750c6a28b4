import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ToolServer extends AsyncDisposable {
  url: string;
  requests: { method: string; path: string; headers: IncomingMessage["headers"]; body: string }[];
}

/** An HTTP server on this machine that records its requests. */
export async function startToolServer(answer: (response: ServerResponse) => void): Promise<ToolServer> {
  const requests: ToolServer["requests"] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
