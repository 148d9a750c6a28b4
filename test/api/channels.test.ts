import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openLiveWorld } from "./live-world.ts";

it("a channel shows the time of its last inbound message", async () => {
  await using world = await openLiveWorld();
  const api = async () => (await world.app.api("GET", "/channels")).body.data[0];
  expect(await api()).toMatchObject({ name: "api", kind: "api", state: "ok", last_inbound_at: null });
  const before = new Date().toISOString();
  const session = await world.app.api("POST", "/chat/sessions", { agent_id: "echo" });
  await world.app.api("POST", `/chat/sessions/${session.body.id}/messages`, { content: "Hello" });
  await eventually(async () => expect((await api()).last_inbound_at >= before).toBe(true));
});
