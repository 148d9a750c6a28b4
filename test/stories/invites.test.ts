import { expect, test } from "vitest";
import { Causeway } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { privateMessage, startTelegramStory, telegramTo } from "./telegram-story.ts";

const startStory = (access: object) =>
  startTelegramStory({
    channels: (fake) => ({
      telegram: { ...telegramTo(fake), access },
      web: { kind: "web", agent: "agent" },
      api: { kind: "api", agent: "agent" },
    }),
  });

test("an invite lets in as many people as it allows", async () => {
  await using story = await startStory({ policy: "allowlist", text: "Not for you." });
  const { access } = new Causeway({ apiKey: story.app.apiKey, baseUrl: story.app.url });
  const invite = await access.invite({ channel: "telegram", uses: 2, expiresIn: "1h" });
  expect(invite.url).toBe(`https://t.me/causeway_bot?start=${invite.code}`);
  expect(invite.code).toMatch(/^[2-9A-HJ-NP-Z]{16}$/);
  expect(JSON.stringify(await story.rows("SELECT * FROM access_invites"))).not.toContain(invite.code);

  // The messages that waited are answered first, and the bot never reads the code.
  await story.say(1, "Hello?");
  await story.say(1, `/start ${invite.code}`);
  await eventually(() =>
    expect(story.texts(1)).toEqual(["Not for you.", "You said: Hello?", "You said: /start"]),
  );
  // The same person does not use a second place.
  await story.say(1, `/start ${invite.code}`);
  expect((await access.invites()).data).toMatchObject([{ id: invite.id, uses: 2, used: 1 }]);

  // Two people use the last place at the same moment, and one gets in.
  await Promise.all([story.say(2, `/start ${invite.code}`), story.say(3, `/start ${invite.code}`)]);
  await eventually(() =>
    expect([story.texts(2), story.texts(3)].sort()).toEqual([["Not for you."], ["You said: /start"]]),
  );
  expect((await access.invites()).data).toMatchObject([{ used: 2 }]);
  expect((await access.grants()).data).toMatchObject([
    { source: "invite", grantedBy: { name: "operator", via: "api" } },
    { source: "invite" },
  ]);

  // Telegram delivers the invite's edit first. Neither of them shows the code.
  const other = await access.invite({ channel: "telegram", uses: 3 });
  for (const [chat, edited] of [
    [4, `/start ${other.code}`],
    [5, other.code],
    [6, "Hello, I am new"],
  ] as const) {
    const { update_id, message } = privateMessage(chat, `/start ${other.code}`);
    const edit = { ...message, text: edited, edit_date: message.date + 5 };
    await story.post({ update_id: update_id + 1_000, edited_message: edit });
    await story.post({ update_id, message });
    await eventually(() => expect(story.texts(chat).at(-1)).toMatch(/^You said/));
  }
  expect(JSON.stringify(await story.rows("SELECT content FROM messages"))).not.toContain(other.code);

  const [late] = (await access.requests({ state: "waiting" })).data;
  expect(late).toMatchObject({ invite: "used_up" });
  const trail = await story.app.api("GET", `/messages/${late?.messageIds[0]}/trail`);
  expect(trail.body.facts[0].why).toContain("as many people as it may");
});

test("an invite that expired, was revoked, was invented or is of another channel lets nobody in", async () => {
  await using story = await startStory({ policy: "pairing" });
  const { access } = new Causeway({ apiKey: story.app.apiKey, baseUrl: story.app.url });
  const over = await access.invite({ channel: "telegram", expiresIn: 60 });
  await story.rows("UPDATE access_invites SET expires_at = now()");
  const taken = await access.invite({ channel: "telegram" });
  await access.deleteInvite(taken.id);
  await expect(access.deleteInvite(taken.id)).rejects.toMatchObject({ code: "invite_not_found" });
  const web = await access.invite({ channel: "web" });
  expect(web.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/chat\/web$/);
  const codes = [over.code, taken.code, "ABCDEFGH23456789", web.code];
  for (const [index, code] of codes.entries()) await story.say(index + 1, code);
  await eventually(async () =>
    expect((await access.requests()).data.map(({ identifier, invite }) => [identifier, invite])).toEqual([
      ["4", "unknown"],
      ["3", "unknown"],
      ["2", "unknown"],
      ["1", "expired"],
    ]),
  );
  expect(await story.rows("SELECT id FROM messages")).toEqual([]);
  expect((await access.invite({ channel: "api" })).url).toBe(null);
  await expect(access.invite({ channel: "fax" })).rejects.toMatchObject({ code: "channel_not_found" });
  await expect(access.invite({ channel: "telegram", expiresIn: "2 weeks" })).rejects.toMatchObject({
    status: 422,
  });
});
