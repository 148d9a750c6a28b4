import { describe, expect, it } from "vitest";
import { createAgentQueries } from "../../src/agents/agent-queries-repository.ts";
import { createChannelActivityLog } from "../../src/delivery/channel-activity.ts";
import { createChannelActivity } from "../../src/delivery/channel-activity-repository.ts";
import { createChannelQueries } from "../../src/delivery/channel-queries-repository.ts";
import { agentRoutes } from "../../src/http/api/agents/agents.ts";
import { channelRoutes } from "../../src/http/api/channels/channels.ts";
import { quietLog } from "../support/quiet-log.ts";
import { publishAgent } from "./api-rows.ts";
import { openApiWorld } from "./api-server.ts";

const coach = {
  name: "Wellness coach",
  bot: { type: "llm", apiKey: "$LLM_API_KEY" },
  messages: [
    {
      role: "system",
      content: 'You are a coach. User: {user_name}. Exercise: { preferred_exercise }. {"json": 1}',
    },
    { role: "user", content: "{mood}" },
  ],
  variables: {
    user_name: { default: "friend" },
    preferred_exercise: { required: true, description: "What" },
    spare: {},
  },
};

async function openAgents(trouble: Record<string, string> = {}) {
  const world = await openApiWorld();
  const channels = createChannelQueries(world.prisma);
  const api = await world.serve([
    ...agentRoutes({ agents: createAgentQueries(world) }),
    ...channelRoutes({ channels, trouble: (id) => trouble[id] ?? null }),
  ]);
  return { ...world, api, record: createChannelActivity(world.pool).record };
}

describe("agents", () => {
  it("show their definition, their current version and every variable, declared or found", async () => {
    await using world = await openAgents();
    const { agentId } = await publishAgent(world.pool, "default", coach);
    const bySlug = await world.api.call("/agents/coach");
    expect(bySlug.body).toMatchObject({
      id: agentId,
      slug: "coach",
      name: "Wellness coach",
      current_version: 1,
      definition: coach,
      variables: [
        { name: "user_name", required: false, default: "friend", declared: true, used: true },
        { name: "preferred_exercise", required: true, default: null, description: "What", used: true },
        { name: "mood", declared: false, used: true },
        { name: "spare", declared: true, used: false },
      ],
    });
    expect((await world.api.call(`/agents/${agentId}`)).body).toEqual(bySlug.body);
    expect((await world.api.call("/agents")).body).toMatchObject({ data: [bySlug.body], meta: { total: 1 } });
  });

  it("keep every version unchanged", async () => {
    await using world = await openAgents();
    for (const name of ["One", "Two", "Three"]) await publishAgent(world.pool, "default", { name });
    const { api } = world;
    const list = await api.call("/agents/coach/versions?limit=2");
    expect(list.body).toMatchObject({
      data: [{ version: 3, name: "Three" }, { version: 2 }],
      meta: { total: 3 },
    });
    const { next_cursor: cursor } = (list.body as { meta: { next_cursor: string } }).meta;
    expect((await api.call(`/agents/coach/versions?limit=2&cursor=${cursor}`)).body).toMatchObject({
      data: [{ version: 1, definition: { name: "One" } }],
      meta: { next_cursor: null },
    });
    expect((await api.call("/agents/coach/versions/2")).body).toMatchObject({ version: 2, name: "Two" });
    expect((await api.call("/agents/coach")).body).toMatchObject({ current_version: 3, name: "Three" });
  });

  it("answer 404 for an unknown agent, and name it in the error", async () => {
    await using world = await openAgents();
    await publishAgent(world.pool, "default");
    const code = async (path: string) => {
      const { status, body } = await world.api.call(path);
      return [status, (body as { error: { code: string } }).error.code];
    };
    for (const path of ["/agents/nobody", "/agents/nobody/versions", "/agents/nobody/versions/1"]) {
      expect(await code(path)).toEqual([404, "agent_not_found"]);
    }
    for (const n of ["0", "2", "-1", "1.0", "latest", "99999999999"]) {
      expect(await code(`/agents/coach/versions/${n}`)).toEqual([404, "version_not_found"]);
    }
  });
});

describe("channels", () => {
  it("show their last activity and their problems", async () => {
    const trouble: Record<string, string> = {};
    await using world = await openAgents(trouble);
    const { channelId } = await publishAgent(world.pool, "default");
    const first = {
      name: "telegram",
      kind: "telegram",
      state: "ok",
      last_inbound_at: null,
      last_error: null,
    };
    expect((await world.api.call("/channels")).body).toMatchObject({ data: [first], meta: { total: 1 } });

    let now = new Date("2026-01-02T03:04:05.006Z");
    const activity = createChannelActivityLog({
      record: world.record,
      now: () => now,
      log: quietLog(),
    });
    activity.inbound(channelId);
    activity.error(channelId, "the token was revoked");
    now = new Date("2026-01-02T03:04:06.007Z");
    activity.outbound(channelId);
    await activity.stop();
    const earlier = new Date("2025-01-01T00:00:00Z");
    await world.record([
      {
        channelId,
        inboundAt: earlier,
        outboundAt: null,
        error: "old news",
        errorAt: earlier,
        inTrouble: true,
      },
    ]);
    const active = {
      state: "ok",
      last_inbound_at: "2026-01-02T03:04:05.006Z",
      last_outbound_at: "2026-01-02T03:04:06.007Z",
      last_error: "the token was revoked",
      last_error_at: "2026-01-02T03:04:05.006Z",
    };
    expect((await world.api.call("/channels")).body).toMatchObject({ data: [active] });

    trouble[channelId] = "cannot connect";
    expect((await world.api.call("/channels")).body).toMatchObject({
      data: [{ state: "error", last_error: "cannot connect" }],
    });
    await world.pool.query("UPDATE channels SET paused_until = now() + interval '1 hour'");
    expect((await world.api.call("/channels")).body).toMatchObject({ data: [{ state: "paused" }] });
    await world.pool.query("UPDATE channels SET enabled = false");
    expect((await world.api.call("/channels")).body).toMatchObject({ data: [{ state: "disabled" }] });
  });
});
