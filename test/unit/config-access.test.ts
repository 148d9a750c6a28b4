import { expect, test } from "vitest";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { accessSchema, runningAccess } from "../../src/config/access-schema.ts";
import { aFile, load, problemsOf } from "./config-support.ts";

const PHONE = { kind: "telegram", agent: "echo", token: "4242:token" };

const withAccess = (access: object | undefined, kind: object = PHONE) =>
  aFile({ channels: { phone: { ...kind, ...(access === undefined ? {} : { access: { ...access } }) } } });

test.each([undefined, {}, { policy: "open", allow: ["777001"] }])(
  "everybody may talk to the bot with the access %j",
  (access) => {
    expect(load(withAccess(access)).workspaces[0]?.channels["phone"]?.access).toBe(null);
  },
);

test("a list can contain variables, and a refusal has a text only if one is set", () => {
  const access = { policy: "allowlist", allow: ["777001", "$OWNER"] };
  const [workspace] = load(withAccess(access), { OWNER: "777002" }).workspaces;
  expect(workspace?.channels["phone"]?.access).toEqual({
    policy: "allowlist",
    allow: new Set(["777001", "777002"]),
    text: null,
    codeText: "Your code: {code}",
    approvers: [],
  });
});

test("a person on the list is recognised by every form that the platform uses", () => {
  const written = accessSchema.parse({ policy: "pairing", allow: ["+491701234567"] });
  const whatsapp = channelDefinitions["whatsapp"];
  expect([...(runningAccess(written, whatsapp ?? {})?.allow ?? [])]).toContain(
    whatsapp?.identifierOf?.("+491701234567"),
  );
});

test.each([
  [{ policy: "closed" }, "channels.phone.access.policy", /allowlist/],
  [{ policy: "pairing", codeText: "No code" }, "channels.phone.access.codeText", /must contain \{code\}/],
  [{ policy: "pairing", codeText: null }, "channels.phone.access.codeText", /write a text/],
  [{ polcy: "pairing" }, "channels.phone.access.polcy", /policy/],
  [{ allow: ["$NOBODY"] }, "channels.phone.access.allow", /NOBODY/],
])("the access %j is a problem", (access, path, text) => {
  const problems = problemsOf(withAccess(access));
  expect(problems.map((problem) => problem.path).join()).toContain(path);
  expect(JSON.stringify(problems)).toMatch(text);
});

test("approvers are desks of the file, or conversations of its channels", () => {
  const carla = { channel: "phone", conversation: "777001" };
  const approvers = ["support", carla];
  const desks = { support: { channel: "phone", conversation: "-100123" } };
  const channels = { phone: { ...PHONE, access: { policy: "pairing", approvers } } };
  expect(load(aFile({ channels, desks })).workspaces[0]?.channels["phone"]?.access?.approvers).toEqual(
    approvers,
  );
  const problems = problemsOf(
    aFile({
      channels: {
        phone: {
          ...PHONE,
          access: { policy: "pairing", approvers: ["suport", { ...carla, channel: "fax" }] },
        },
      },
      desks,
    }),
  );
  expect(problems.map(({ path, problem }) => [path, problem])).toEqual([
    [
      "channels.config.json: channels.phone.access.approvers[0]",
      'names the desk "suport", which is not in this file',
    ],
    [
      "channels.config.json: channels.phone.access.approvers[1].channel",
      'names the channel "fax", which is not in this file',
    ],
  ]);
});

test("a channel whose callers have a key or a token needs no access setting", () => {
  const problems = problemsOf(withAccess({ policy: "pairing" }, { kind: "api", agent: "echo" }));
  expect(problems).toEqual([
    expect.objectContaining({ path: expect.stringContaining("channels.phone.access"), fix: "remove it" }),
  ]);
});
