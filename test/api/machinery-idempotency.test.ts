import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RequestError } from "../../src/core/faults/errors.ts";
import { defineRoute, type RouteContext, type RouteReply } from "../../src/http/api/route/route.ts";
import { eventually } from "../support/eventually.ts";
import { openApiWorld } from "./api-server.ts";

type Handle = (context: RouteContext<unknown, unknown, unknown>) => Promise<RouteReply>;

/** A POST route that counts its runs. `respond` gives the answer of each run. */
function countedRoute(respond: Handle) {
  const runs: string[] = [];
  const route = defineRoute({
    method: "POST",
    path: "/things/{id}/do",
    operationId: "doThing",
    summary: "Do something",
    tag: "things",
    scope: "sessions:write",
    params: z.object({ id: z.string() }),
    body: z.strictObject({ content: z.string() }),
    responses: [],
    async handle(context) {
      runs.push(context.resourceId);
      return respond(context);
    },
  });
  return { runs, routes: [route] };
}

const created: Handle = async ({ resourceId }) => ({
  status: 201,
  body: { id: resourceId, secret: "the answer" },
  headers: { ETag: '"1"' },
});

const keyed = (key: string, content = "hello") => ({
  json: { content },
  headers: { "Idempotency-Key": key },
});

describe("a POST with an Idempotency-Key", () => {
  it("runs once and gets the same answer byte for byte, on another process too", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const first = await world.serve(routes, { documented: false });
    const second = await world.serve(routes, { documented: false });
    const answer = await first.call("/things/a/do", keyed("k"));
    const again = await second.call("/things/a/do", keyed("k"));
    expect(again.status).toBe(201);
    expect(again.body).toEqual(answer.body);
    expect([again.headers.get("etag"), again.headers.get("idempotent-replayed")]).toEqual(['"1"', "true"]);
    expect(answer.headers.get("idempotent-replayed")).toBe(null);
    expect(runs).toHaveLength(1);
  });

  it("with another body or on another path is refused", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    await api.call("/things/a/do", keyed("k"));
    for (const other of [api.call("/things/a/do", keyed("k", "bye")), api.call("/things/b/do", keyed("k"))]) {
      const { status, body } = await other;
      expect([status, body]).toMatchObject([409, { error: { code: "idempotency_key_reused" } }]);
    }
    expect(runs).toHaveLength(1);
  });

  it("is a different request in another workspace", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    const other = await world.addKey(await world.addWorkspace("other"));
    await api.call("/things/a/do", keyed("k"));
    expect((await api.call("/things/a/do", { ...keyed("k", "bye"), key: other.secret })).status).toBe(201);
    expect(runs).toHaveLength(2);
  });

  it("is a different request with another API key, which never sees the first answer", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    const colleague = await world.addKey(world.workspaceId);
    await api.call("/things/a/do", keyed("k"));
    const theirs = await api.call("/things/a/do", { ...keyed("k"), key: colleague.secret });
    expect([theirs.status, theirs.headers.get("idempotent-replayed")]).toEqual([201, null]);
    expect(runs).toHaveLength(2);
  });

  it("runs once if sent many times at once on two processes, with or without notices", async () => {
    await using world = await openApiWorld();
    for (const lost of [false, true]) {
      if (lost) world.notices.cut();
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const { runs, routes } = countedRoute(async (context) => {
        await gate;
        return created(context);
      });
      const servers = [
        await world.serve(routes, { documented: false }),
        await world.serve(routes, { documented: false }),
      ];
      const calls = Array.from({ length: 8 }, (_, n) =>
        servers[n % 2]?.call("/things/a/do", keyed(`k${lost}`)),
      );
      await eventually(() => expect(runs).toHaveLength(1));
      open();
      const answers = await Promise.all(calls);
      expect(new Set(answers.map((answer) => JSON.stringify(answer?.body))).size).toBe(1);
      expect(runs).toHaveLength(1);
    }
  });

  it("runs again with the same resource id after an internal failure", async () => {
    await using world = await openApiWorld();
    let broken = true;
    const { runs, routes } = countedRoute(async (context) => {
      if (broken) throw new Error("the database went away");
      return created(context);
    });
    const api = await world.serve(routes, { documented: false });
    expect((await api.call("/things/a/do", keyed("k"))).status).toBe(500);
    broken = false;
    expect((await api.call("/things/a/do", keyed("k"))).status).toBe(201);
    expect(runs).toHaveLength(2);
    expect(new Set(runs).size).toBe(1);
  });

  it("continues on another process, with the same resource id, if its process died", async () => {
    await using world = await openApiWorld();
    let dies = true;
    const { runs, routes } = countedRoute((context) => (dies ? new Promise(() => {}) : created(context)));
    const api = await world.serve(routes, { documented: false });
    const left = new AbortController();
    const lost = api.call("/things/a/do", { ...keyed("k"), signal: left.signal }).catch(() => "left");
    await eventually(() => expect(runs).toHaveLength(1));
    left.abort();
    await lost;
    dies = false;
    await world.pool.query("UPDATE idempotency_keys SET claimed_until = now() - interval '1 second'");
    expect((await api.call("/things/a/do", keyed("k"))).body).toMatchObject({ id: runs[0] });
    expect(runs).toHaveLength(2);
  });

  it("repeats a final refusal; a malformed request does not use up its key", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(async () => {
      throw new RequestError(404, "thing_not_found", "There is no such thing.");
    });
    const api = await world.serve(routes, { documented: false });
    expect((await api.call("/things/a/do", { ...keyed("k"), json: {} })).status).toBe(422);
    const refused = await api.call("/things/a/do", keyed("k"));
    const again = await api.call("/things/a/do", keyed("k"));
    expect([refused.status, again.status]).toEqual([404, 404]);
    expect(again.body).toEqual(refused.body);
    expect(runs).toHaveLength(1);
  });

  it("runs again with the same resource id if it streams, so that it can follow its turn", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(async ({ resourceId }) => ({
      stream: async (_request, response) => {
        response.setHeader("Content-Type", "text/event-stream");
        response.end(`data: ${resourceId}\n\n`);
      },
    }));
    const api = await world.serve(routes, { documented: false });
    const [first, second] = [
      await api.call("/things/a/do", keyed("k")),
      await api.call("/things/a/do", keyed("k")),
    ];
    expect(first.body).toBe(`data: ${runs[0]}\n\n`);
    expect(second.body).toBe(first.body);
    expect((await api.call("/things/a/do", keyed("k", "bye"))).status).toBe(409);
  });

  it("is forgotten after a day", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    await api.call("/things/a/do", keyed("k"));
    await world.pool.query("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'");
    expect((await api.call("/things/a/do", keyed("k", "bye"))).status).toBe(201);
    expect(new Set(runs).size).toBe(2);
  });

  it("stores nothing readable in the database", async () => {
    await using world = await openApiWorld();
    const { routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    await api.call("/things/a/do", keyed("my-own-key", "my own words"));
    const { rows } = await world.pool.query(
      "SELECT k::text || encode(body, 'escape') AS text FROM idempotency_keys k",
    );
    expect(rows).toHaveLength(1);
    for (const word of ["my-own-key", "my own words", "the answer"]) expect(rows[0].text).not.toContain(word);
  });

  it("has 1 to 255 characters", async () => {
    await using world = await openApiWorld();
    const { routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    for (const key of ["", "x".repeat(256)]) {
      const { status, body } = await api.call("/things/a/do", keyed(key));
      expect([status, body]).toMatchObject([400, { error: { code: "invalid_idempotency_key" } }]);
    }
  });

  it("runs every time if it has no key", async () => {
    await using world = await openApiWorld();
    const { runs, routes } = countedRoute(created);
    const api = await world.serve(routes, { documented: false });
    await api.call("/things/a/do", { json: { content: "hello" } });
    await api.call("/things/a/do", { json: { content: "hello" } });
    expect(new Set(runs).size).toBe(2);
  });
});
