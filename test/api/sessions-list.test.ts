import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestApp } from "../support/app.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startChatApp();
});
afterAll(() => app[Symbol.asyncDispose]());

interface Listed {
  id: string;
  metadata: Record<string, unknown>;
  title: string | null;
  channel: string;
}

const create = async (body: Record<string, unknown> = {}): Promise<Listed> =>
  (await app.api("POST", "/chat/sessions", { agent_id: "echo", ...body })).body;

const list = async (query: Record<string, string>) => {
  const answer = await app.api("GET", `/chat/sessions?${new URLSearchParams(query)}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body as { data: Listed[]; meta: { total: number; next_cursor: string | null } };
};

describe("filtering by metadata", () => {
  const stored: Record<string, unknown>[] = [
    { f: "1234" },
    { f: 1234 },
    { f: "0012" },
    { f: 12 },
    { f: "+4917012345" },
    { f: true },
    { f: "true" },
    { f: null },
    { f: { a: { b: 1 }, c: 2 } },
    { f: ["x", "y", { z: 1 }] },
    { f: "x" },
    { f: "1234", g: "both" },
    { "f.a": 1 },
    { f: 'it\'s "quoted" \\ and ; DROP TABLE sessions' },
  ];
  beforeAll(async () => {
    for (const metadata of stored) await create({ metadata });
  });

  it.each([
    [{ f: "1234" }, [0, 11]],
    [{ f: 1234 }, [1]],
    [{ f: "0012" }, [2]],
    [{ f: "12" }, []],
    [{ f: 12 }, [3]],
    [{ f: "+4917012345" }, [4]],
    [{ f: 4917012345 }, []],
    [{ f: true }, [5]],
    [{ f: "true" }, [6]],
    [{ f: null }, [7]],
    [{ f: { a: { b: 1 } } }, [8]],
    [{ f: { a: { b: "1" } } }, []],
    [{ f: { a: 1 } }, []],
    [{ f: ["x"] }, [9]],
    [{ f: ["y", "x"] }, [9]],
    [{ f: [{ z: 1 }] }, [9]],
    [{ f: "x" }, [10]],
    [{ f: "1234", g: "both" }, [11]],
    [{ f: 1234, g: "both" }, []],
    [{ "f.a": 1 }, [12]],
    [{ f: 'it\'s "quoted" \\ and ; DROP TABLE sessions' }, [13]],
    [{ nothing: "like this" }, []],
  ])("%j finds exactly the sessions that contain it", async (filter, places) => {
    const { data, meta } = await list({ metadata_filter: JSON.stringify(filter), sort: "created_at" });
    expect(data.map(({ metadata }) => metadata)).toEqual(places.map((place) => stored[place]));
    expect(meta.total).toBe(places.length);
  });

  it("matches every session with an empty object", async () => {
    const all = await list({ limit: "1" });
    expect((await list({ metadata_filter: "{}", limit: "1" })).meta.total).toBe(all.meta.total);
  });

  it.each([
    "{",
    "",
    "[]",
    '"a"',
    "1",
    "null",
    '{"a":"\\u0000"}',
    '{"\\u0000":1}',
    '{"a":["\\ud800"]}',
    '{"a":{"b":"x\\udc00"}}',
  ])("refuses %j", async (filter) => {
    const query = new URLSearchParams({ metadata_filter: filter });
    const { status, body } = await app.api("GET", `/chat/sessions?${query}`);
    expect([status, body.error.code]).toEqual([400, "invalid_query"]);
    expect(body.error.details.problems[0].path).toBe("metadata_filter");
  });

  it("returns later pages as fast as the first one", async () => {
    for (let n = 0; n < 30; n++) await create({ metadata: { bulk: true, n } });
    const { data, meta } = await list({ metadata_filter: '{"bulk":true}', limit: "25", sort: "created_at" });
    expect([data.length, meta.total]).toEqual([25, 30]);
    const rest = await list({
      metadata_filter: '{"bulk":true}',
      limit: "25",
      sort: "created_at",
      cursor: meta.next_cursor ?? "",
    });
    expect(rest.data.map(({ metadata }) => metadata.n)).toEqual([25, 26, 27, 28, 29]);
  });
});

describe("other filters", () => {
  it("are combined", async () => {
    const mine = await create({ channel: "other", user: { identifier: "filter-me" }, metadata: { k: "v" } });
    const full = (await app.api("GET", `/chat/sessions/${mine.id}`)).body;
    await create({ channel: "other", metadata: { k: "v" } });
    const found = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);
    expect(await found({ user_id: full.user_id })).toEqual([mine.id]);
    expect(await found({ user_id: full.user_id, channel: "api" })).toEqual([]);
    expect(
      await found({ channel: "other", user_id: full.user_id, agent_id: "echo", status: "active" }),
    ).toEqual([mine.id]);
    expect(await found({ user_id: full.user_id, agent_id: full.agent_id })).toEqual([mine.id]);
    expect(await found({ user_id: full.user_id, agent_id: "coach" })).toEqual([]);
    expect(await found({ user_id: full.user_id, agent_id: "nobody" })).toEqual([]);
    expect(await found({ user_id: full.user_id, metadata_filter: '{"k":"v"}' })).toEqual([mine.id]);
    await app.api("POST", `/chat/sessions/${mine.id}/end`, {});
    expect(await found({ user_id: full.user_id, status: "active" })).toEqual([]);
    expect(await found({ user_id: full.user_id, status: "completed" })).toEqual([mine.id]);
  });

  it.each([
    ["limit=0"],
    ["limit=101"],
    ["limit=x"],
    ["page=0"],
    ["page=-1"],
    ["sort=title"],
    ["status=open"],
    ["colour=blue"],
    ["cursor=nonsense"],
    ["page=1&cursor=abc"],
  ])("refuse %s", async (query) => {
    expect((await app.api("GET", `/chat/sessions?${query}`)).status).toBe(400);
  });
});

describe("paging", () => {
  it("by cursor loses and repeats nothing while sessions are added", async () => {
    const made: string[] = [];
    for (let n = 0; n < 12; n++) made.push((await create({ metadata: { stable: 1 } })).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({
        metadata_filter: '{"stable":1}',
        sort: "-created_at",
        limit: "5",
        ...(cursor === null ? {} : { cursor }),
      });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.meta.next_cursor;
      await create({ metadata: { stable: 1 } });
    } while (cursor !== null);
    expect(seen).toEqual(made.reverse());
  });

  it("by cursor continues correctly while messages change the order", async () => {
    for (let n = 0; n < 7; n++) await create({ metadata: { busy: n } });
    const before = (await list({ limit: "7" })).data.map(({ id }) => id);
    const first = await list({ limit: "3" });
    for (const { id } of first.data) {
      await app.api("POST", `/chat/sessions/${id}/messages`, { content: "Hello" });
    }
    await create();
    const second = await list({ limit: "4", cursor: first.meta.next_cursor ?? "" });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(before);
  });

  it("by number returns the number of pages", async () => {
    for (let n = 0; n < 7; n++) await create({ metadata: { numbered: n } });
    const all = await list({ limit: "100" });
    const page = await app.api("GET", "/chat/sessions?page=2&limit=3");
    expect(page.body.meta).toEqual({
      total: all.meta.total,
      page: 2,
      limit: 3,
      total_pages: Math.ceil(all.meta.total / 3),
      next_cursor: expect.any(String),
    });
    expect(page.body.data.map(({ id }: Listed) => id)).toEqual(all.data.slice(3, 6).map(({ id }) => id));
  });

  it("has twenty sessions by default, the last active one first", async () => {
    const older = await create();
    for (let n = 0; n < 25; n++) await create();
    await app.api("POST", `/chat/sessions/${older.id}/messages`, { content: "Wake up" });
    const { data } = await list({});
    expect(data).toHaveLength(20);
    expect(data[0]).toMatchObject({ id: older.id, title: "Wake up" });
  });

  it("refuses a cursor from another order", async () => {
    const { meta } = await list({ limit: "1", sort: "created_at" });
    const query = new URLSearchParams({ cursor: meta.next_cursor ?? "" });
    expect((await app.api("GET", `/chat/sessions?${query}`)).status).toBe(400);
  });
});
