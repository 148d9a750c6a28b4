import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";

const ADA = "491701234567";
const BERLIN = { latitude: 52.52, longitude: 13.405, name: "Berlin" };
const page = { label: "Terms", url: "https://example.org/terms" };

test("the bot gets places, contacts and reactions as text and data, and a web page becomes a button", async () => {
  const bot = createScriptedBot((call) =>
    call.reply({ replies: [{ content: `re: ${call.texts.join()}`, buttons: [page] }] }),
  );
  const whatsapp = { kind: "whatsapp", agent: "scripted", simulate: true };
  await using app = await startTestApp({
    bots: { scripted: bot.definition },
    agents: { scripted: { bot: { type: "scripted" } } },
    channels: {
      meta: { ...whatsapp, provider: "meta" },
      twilio: { ...whatsapp, provider: "twilio" },
    },
  });
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${app.url}/simulator/v1/whatsapp/chats/${ADA}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return (await response.json()) as any;
  };
  const contact = { name: "Bob", phone: "+491709999999" };

  for (const channel of ["meta", "twilio"]) {
    const newest = async (words: string) => {
      await eventually(async () => {
        const shown = await control("GET", `?bot=${channel}`);
        expect(shown.at(-1).text).toContain(`re: ${words}`);
      });
      const { texts, turn } = bot.calls.at(-1) ?? expect.fail("the bot was not asked");
      expect(texts).toEqual([words]);
      expect(turn.session.channel).toBe(channel);
      return turn.input[0] ?? expect.fail("nothing was asked");
    };
    await control("POST", "/messages", { bot: channel, location: BERLIN });
    expect(await newest("[location] Berlin, 52.52, 13.405")).toMatchObject({
      details: { location: { ...BERLIN, address: null } },
    });
    const shown = await control("GET", `?bot=${channel}`);
    expect(shown).toMatchObject([
      { from: "user", text: "📍 Berlin, 52.52, 13.405" },
      channel === "meta" ? { buttons: ["Terms"] } : { text: expect.stringContaining(`Terms: ${page.url}`) },
    ]);

    await control("POST", "/messages", { bot: channel, contact });
    const shared = await newest(channel === "meta" ? "[contact] Bob, +491709999999" : "[contact]");
    if (channel === "meta") expect(shared.details).toMatchObject({ contacts: [{ name: "Bob" }] });
    else
      expect((await shared.attachments[0]?.content())?.toString()).toContain("TEL;TYPE=CELL:+491709999999");

    // A reaction names a message of ours by the id that its record has.
    await eventually(async () => {
      const { body } = await app.api("GET", `/deliveries?channel=${channel}`);
      for (const { status } of body.data) expect(["sent", "delivered", "read"]).toContain(status);
    });
    const { id, text: message } = (await control("GET", `?bot=${channel}`)).at(-1);
    await control("POST", "/react", { bot: channel, message, emoji: "❤️" });
    const reaction = await newest("[reaction] ❤️");
    expect(reaction.details).toEqual({ reaction: { emoji: "❤️", message_id: id } });
    expect(reaction.context?.references).toMatchObject([{ kind: "reply", from: "assistant" }]);
    const asked = bot.calls.length;
    await control("POST", "/react", { bot: channel, message, emoji: "" });
    await control("POST", "/messages", { bot: channel, text: "bye" });
    await newest("bye");
    expect(bot.calls).toHaveLength(asked + 1);
  }

  const { body: sessions } = await app.api("GET", "/chat/sessions?channel=meta");
  const [session] = sessions.data;
  const { body } = await app.api("GET", `/chat/sessions/${session.id}/messages`);
  expect(body.data[0].metadata).toEqual({ details: { location: { ...BERLIN, address: null } } });
  expect(session.metadata).toEqual({});
});
