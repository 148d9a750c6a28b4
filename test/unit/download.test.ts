import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { download } from "../../src/attachments/download.ts";

interface Host extends AsyncDisposable {
  url: string;
  /** The received requests, with their headers. */
  asked: { path: string; headers: IncomingHttpHeaders }[];
}

async function startHost(answer: (path: string, response: ServerResponse) => void): Promise<Host> {
  const asked: Host["asked"] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? "", headers: request.headers });
    answer(request.url ?? "", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let storage: Host;
let platform: Host;
const headers = { authorization: "Bearer secret" };

beforeAll(async () => {
  storage = await startHost((_, response) => response.end("the file"));
  platform = await startHost((path, response) => {
    if (path === "/away") response.writeHead(302, { location: `${storage.url}/bytes` }).end();
    else if (path === "/loop") response.writeHead(302, { location: "/loop" }).end();
    else if (path === "/inside") response.writeHead(302, { location: "http://127.0.0.2/" }).end();
    else if (path === "/page") response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in");
    else if (path === "/busy") response.writeHead(429, { "retry-after": "7" }).end();
    else if (path === "/gone") response.writeHead(404).end();
    else if (path === "/cut")
      response.writeHead(200, { "content-length": "100" }).write("x", () => response.destroy());
    // The body exceeds the limit, and no length was announced.
    else if (path === "/endless") response.write("x".repeat(2_000), () => response.end("x".repeat(2_000)));
    else response.end("the file");
  });
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

function load(url: string, trusted: readonly string[] = [platform.url, storage.url], more = {}) {
  const source = { kind: "found" as const, url, headers, trustedOrigins: trusted, ...more };
  return download(source, { bytes: 1_000, signal: AbortSignal.timeout(5_000) });
}

describe("a download", () => {
  test("sends credentials to their own host, and to no other host in a redirect", async () => {
    expect(await load(`${platform.url}/away`)).toMatchObject({
      kind: "downloaded",
      content: Buffer.from("the file"),
    });
    expect(platform.asked.at(-1)?.headers.authorization).toBe("Bearer secret");
    expect(storage.asked.at(-1)?.path).toBe("/bytes");
    expect(storage.asked.at(-1)?.headers.authorization).toBeUndefined();
  });

  test.each([
    ["http", "http://files.example.org/x", /does not use https/],
    ["an address of this machine", "https://127.0.0.1/x", /private address/],
    ["such an address in IPv6", "https://[::1]/x", /private address/],
    ["such an address mapped into IPv6", "https://[::ffff:10.0.0.1]/x", /private address/],
    ["a cloud's metadata", "https://169.254.169.254/x", /private address/],
    ["a name of this machine", "https://localhost/x", /private address/],
    ["a URL with a password", "https://me:secret@files.example.org/x", /contains credentials/],
  ])("is refused for %s", async (_, url, reason) => {
    const refused = await load(url, []);
    expect(refused).toMatchObject({ kind: "failed", retry: false, reason: expect.stringMatching(reason) });
    expect(JSON.stringify(refused)).not.toContain("secret");
  });

  test("is refused if a trusted host redirects it to a private address, or in a circle", async () => {
    expect(await load(`${platform.url}/inside`)).toMatchObject({ kind: "failed", retry: false });
    expect(await load(`${platform.url}/loop`)).toMatchObject({
      reason: expect.stringMatching(/redirects too often/),
    });
    // A trusted host redirects to one that is not trusted.
    const refused = await load(`${platform.url}/away`, [platform.url]);
    expect(refused).toMatchObject({ kind: "failed", reason: expect.stringMatching(/does not use https/) });
  });

  test("stops at the limit, whatever size was announced", async () => {
    expect(await load(`${platform.url}/endless`)).toMatchObject({ kind: "failed", retry: false });
  });

  test("distinguishes temporary from final failures", async () => {
    expect(await load(`${platform.url}/busy`)).toMatchObject({ retry: true, afterMs: 7_000 });
    expect(await load(`${platform.url}/gone`)).toMatchObject({
      retry: false,
      reason: expect.stringMatching(/answered 404/),
    });
    expect(await load(`${platform.url}/cut`)).toMatchObject({ kind: "failed", retry: true });
    expect(await load("http://127.0.0.1:9/x", ["http://127.0.0.1:9"])).toMatchObject({ retry: true });
    const signIn = await load(`${platform.url}/page`, [platform.url], { ifHtml: "sign in first" });
    expect(signIn).toEqual({ kind: "failed", retry: false, reason: "sign in first" });
  });
});
