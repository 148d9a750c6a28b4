import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import {
  mergeNews,
  type NewsSource,
  type NewsStreamOptions,
  streamNews,
} from "../../src/http/streams/news-stream.ts";
import { eventually } from "../support/eventually.ts";

const event = (data: string) => ({ id: null, event: "news", data });

/** Serves one source to every request. `seen` records its calls. */
async function serving(read: NewsSource["read"], options: Partial<NewsStreamOptions> = {}) {
  const seen = { closed: 0, over: 0, failures: [] as unknown[], notify: () => {}, end: () => {} };
  const count = (what: "closed" | "over") => {
    seen[what] += 1;
  };
  const server = createServer((_request, response) => {
    const open = (notify: () => void): NewsSource => {
      seen.notify = notify;
      return { read, poll: notify, close: () => count("closed") };
    };
    const ends = {
      onOver: () => count("over"),
      onFailure: (error: unknown) => seen.failures.push(error),
    };
    seen.end = streamNews(response, open, { retryMs: 1000, ...ends, ...options }).end;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return server[Symbol.asyncDispose]();
    },
  };
}

it("reads a source until it is empty, again after a notice, and stops on request", async () => {
  const news = [[event("1"), event("2")], [event("3")]];
  let asked = 0;
  await using served = await serving(async () => {
    asked += 1;
    return news.shift() ?? [];
  });
  const response = await fetch(served.url);
  await eventually(() => expect(asked).toBe(3));
  news.push([event("4")]);
  served.seen.notify();
  await eventually(() => expect(asked).toBe(5));
  served.seen.end();
  served.seen.end();
  served.seen.notify();
  const said = ["1", "2", "3", "4"].map((data) => `event: news\ndata: ${data}\n\n`).join("");
  expect(await response.text()).toBe(`retry: 1000\n\n${said}`);
  expect(asked).toBe(5);
  expect(served.seen).toMatchObject({ closed: 1, over: 1, failures: [] });
});

it("drops a source whose client has left, and closes the connection if reading fails", async () => {
  await using left = await serving(async () => []);
  const client = new AbortController();
  await fetch(left.url, { signal: client.signal });
  client.abort();
  await eventually(() => expect(left.seen).toMatchObject({ closed: 1, over: 1, failures: [] }));

  const away = new Error("the database is away");
  await using failing = await serving(async () => Promise.reject(away));
  await expect(fetch(failing.url).then((response) => response.text())).rejects.toThrow();
  expect(failing.seen).toMatchObject({ closed: 1, over: 1, failures: [away] });
});

it("reads no faster than a slow reader, and disconnects one that reads nothing", async () => {
  let asked = 0;
  const page = Array.from({ length: 10 }, () => event("x".repeat(10_000)));
  const read = async () => {
    asked += 1;
    return page;
  };
  await using served = await serving(read, { stalledMs: 300 });
  const reader = connect(served.port, "127.0.0.1");
  reader.pause();
  reader.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually(() => expect(served.seen).toMatchObject({ closed: 1, over: 1 }));
  expect(asked * 100_000).toBeLessThan(32 * 1024 * 1024);
  reader.destroy();
});

it("merges several sources: each keeps its order, and the merged one ends with any of them", async () => {
  const closed: string[] = [];
  const source = (name: string, reads: (ReturnType<typeof event>[] | null)[]): NewsSource => ({
    read: async () => reads.shift() ?? null,
    poll: () => {},
    close: () => void closed.push(name),
  });
  const merged = mergeNews([
    source("a", [[event("a1"), event("a2")], [], [event("a3")], [event("late")]]),
    source("b", [[event("b1")], [], null]),
  ]);
  const told = async () => (await merged.read())?.map(({ data }) => data) ?? null;
  expect([await told(), await told(), await told(), await told()]).toEqual([
    ["a1", "a2", "b1"],
    [],
    ["a3"],
    null,
  ]);
  merged.close();
  expect(closed).toEqual(["a", "b"]);
});
