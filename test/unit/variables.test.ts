import { describe, expect, it } from "vitest";
import { checkVariables, resolveVariables } from "../../src/core/variables.ts";

const specs = {
  user_name: { default: "friend" },
  preferred_exercise: { required: true },
  with_default: { required: true, default: 1 },
};

describe("checking variables", () => {
  it("lists required variables without value or default, and names the agent does not know", () => {
    expect(checkVariables(specs, { color: "red" })).toEqual({
      missing: ["preferred_exercise"],
      unknown: ["color"],
    });
  });

  it("is content when everything required is given", () => {
    expect(checkVariables(specs, { preferred_exercise: "yoga" })).toEqual({ missing: [], unknown: [] });
  });

  it("knows names that the messages use without declaring them", () => {
    expect(checkVariables({}, { mood: "good" }, ["mood"])).toEqual({ missing: [], unknown: [] });
  });

  it("does not take names every object has for known ones", () => {
    expect(checkVariables(specs, { preferred_exercise: "yoga", toString: "x" }).unknown).toEqual([
      "toString",
    ]);
  });
});

describe("resolving variables", () => {
  const sources = {
    specs,
    explicit: { user_name: "explicit" },
    participantData: { user_name: "data" },
    profile: { user_name: "profile" },
  };

  it("asks explicit variables, participant data, profile and default, in this order", () => {
    const without = (...keys: ("explicit" | "participantData" | "profile")[]) =>
      resolveVariables({ ...sources, ...Object.fromEntries(keys.map((key) => [key, {}])) }).user_name;
    expect(resolveVariables(sources).user_name).toBe("explicit");
    expect(without("explicit")).toBe("data");
    expect(without("explicit", "participantData")).toBe("profile");
    expect(without("explicit", "participantData", "profile")).toBe("friend");
  });

  it("keeps values that merely look empty", () => {
    const explicit = { user_name: "", count: 0, flag: false };
    expect(resolveVariables({ ...sources, explicit })).toMatchObject(explicit);
  });

  it("passes over a profile without a name and over data that is no plain value", () => {
    const participantData = { user_name: { first: "Ada" } };
    const profile = { user_name: null };
    expect(resolveVariables({ specs, explicit: {}, participantData, profile }).user_name).toBe("friend");
  });

  it("leaves out what has no value anywhere", () => {
    const resolved = resolveVariables({ specs, explicit: {}, participantData: {}, profile: {} });
    expect(Object.keys(resolved).sort()).toEqual(["user_name", "with_default"]);
  });

  it("fills names the messages use, but takes nothing else from participant data", () => {
    const participantData = { mood: "good", secret: "s" };
    const resolved = resolveVariables({
      specs: {},
      detected: ["mood"],
      explicit: {},
      participantData,
      profile: {},
    });
    expect(resolved).toEqual({ mood: "good" });
  });
});
