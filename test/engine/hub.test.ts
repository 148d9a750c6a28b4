import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/text/json.ts";
import { createHub } from "../../src/queue/hub.ts";
import { eventually } from "../support/eventually.ts";
import { quietLog } from "../support/quiet-log.ts";
import { queueKinds, sharedStore } from "./queue-kinds.ts";

describe.each(queueKinds)("the hubs of two processes on one %s", (kind) => {
  /** Two connected hubs, and the messages that the second got on a topic. */
  async function twoHubs() {
    const store = await sharedStore(kind);
    const log = quietLog();
    const near = await createHub({ backend: await store.open(), alone: false, log });
    const far = await createHub({ backend: await store.open(), alone: false, log });
    return {
      near,
      far,
      async [Symbol.asyncDispose]() {
        await Promise.all([near.close(), far.close()]);
        await store[Symbol.asyncDispose]();
      },
    };
  }

  it("carry notices in order and once to the other process, and also to themselves", async () => {
    await using hubs = await twoHubs();
    const [here, there]: [Json[], Json[]] = [[], []];
    hubs.near.subscribe("session.a", (data) => here.push(data));
    hubs.far.subscribe("session.a", (data) => there.push(data));
    const sent = Array.from({ length: 200 }, (_, n) => ({ n }));
    for (const data of sent) hubs.near.publish("session.a", data);
    expect(here).toEqual(sent);
    await eventually(() => expect(there).toEqual(sent));
    hubs.far.publish("session.a", "back");
    await eventually(() => expect(here).toEqual([...sent, "back"]));
  });

  it("carry notices of any size and alphabet unchanged", async () => {
    await using hubs = await twoHubs();
    const heard: Json[] = [];
    hubs.far.subscribe("session.a", (data) => heard.push(data));
    const long = "👋 Grüße, 世界! ".repeat(4_000);
    hubs.near.publish("session.a", { long });
    hubs.near.publish("session.a", "after");
    await eventually(() => expect(heard).toEqual([{ long }, "after"]));
  });

  it("do not send a notice that is published for this process only", async () => {
    await using hubs = await twoHubs();
    const heard: Json[] = [];
    hubs.far.subscribe("session.a", (data) => heard.push(data));
    hubs.near.publish("session.a", "private", { remote: false });
    hubs.near.publish("session.a", "public");
    await eventually(() => expect(heard).toEqual(["public"]));
  });
});

describe("a hub", () => {
  it.each(["", "{", "null", "7", '["a"]', '["a", [1]]', '["a", [[]]]', '["a", [null, ["topic", "data"]]]'])(
    "continues after an invalid notice: %s",
    async (text) => {
      let hear: (text: string) => void = () => undefined;
      const notices = {
        send: async () => undefined,
        async listen(onText: (text: string) => void) {
          hear = onText;
          return async () => undefined;
        },
      };
      const hub = await createHub({ backend: { notices }, alone: false, log: quietLog() });
      const heard: Json[] = [];
      hub.subscribe("topic", (data) => heard.push(data));
      hear(text);
      hear('["somebody", [["topic", "after"]]]');
      expect(heard).toEqual(["after"]);
    },
  );

  const nowhere = {
    notices: {
      send: () => Promise.reject(new Error("unused")),
      listen: () => Promise.reject(new Error("unused")),
    },
  };

  it("calls all listeners of a topic before publish returns, and no others", async () => {
    const hub = await createHub({ backend: nowhere, alone: true, log: quietLog() });
    const heard: Json[] = [];
    hub.subscribe("a", (data) => heard.push(data));
    hub.subscribe("b", () => heard.push("wrong"));
    hub.publish("a", 1);
    expect(heard).toEqual([1]);
  });

  it("stops calling only the listener that unsubscribed", async () => {
    const hub = await createHub({ backend: nowhere, alone: true, log: quietLog() });
    const heard: string[] = [];
    const listener = () => heard.push("twice");
    const [first] = [hub.subscribe("a", listener), hub.subscribe("a", listener)];
    hub.publish("a", null);
    first();
    hub.publish("a", null);
    expect(heard).toEqual(["twice", "twice", "twice"]);
  });

  it("calls the other listeners when one throws, and reports the error", async () => {
    const log = quietLog();
    const hub = await createHub({ backend: nowhere, alone: true, log });
    const heard: Json[] = [];
    hub.subscribe("a", () => {
      throw new Error("broken listener");
    });
    hub.subscribe("a", (data) => heard.push(data));
    hub.publish("a", 1);
    expect(heard).toEqual([1]);
    expect(log.lines).toMatchObject([{ level: "error", message: "a listener of a notice failed" }]);
  });
});
