import { expect, test } from "vitest";
import { insertMember } from "../../src/config/insert-member.ts";

const member = { kind: "web", agent: "echo" };

test.each([
  ["an object over several lines", '{\n    "channels": {\n        "a": { "n": 1 }\n    }\n}\n'],
  ["an object on one line", '{ "agents": {}, "channels": { "a": { "n": [1, "}"] } } }'],
  ["an empty object", '{ "channels": {} }'],
  [
    "an object whose name appears twice",
    '{ "x": { "channels": { "no": 1 } }, "y": "channels", "channels": { } }',
  ],
  ["an object with quotes and braces in its texts", '{ "channels": { "a": { "t": "\\"{[,:" } }, "z": "}" }'],
])("a member is added to %s, and everything else stays unchanged", (_what, text) => {
  const before = JSON.parse(text);
  const after = insertMember(text, "channels", "new", member);
  expect(JSON.parse(after)).toEqual({ ...before, channels: { ...before.channels, new: member } });
  const added = after.slice(after.indexOf('"new"'), after.lastIndexOf('"echo"') + 6);
  const rest = after.replace(added, "");
  expect(rest.replaceAll(/[\s,}]/g, "")).toBe(text.replaceAll(/[\s,}]/g, ""));
});

test("a missing object is added", () => {
  expect(JSON.parse(insertMember('{ "agents": {} }', "channels", "new", member))).toEqual({
    agents: {},
    channels: { new: member },
  });
  expect(JSON.parse(insertMember("{}", "channels", "new", member))).toEqual({ channels: { new: member } });
});

test("the new member is indented like its neighbours", () => {
  const text = '{\n  "channels": {\n    "a": {}\n  }\n}\n';
  expect(insertMember(text, "channels", "new", { kind: "api" })).toBe(
    '{\n  "channels": {\n    "a": {},\n    "new": {\n      "kind": "api"\n    }\n  }\n}\n',
  );
});
