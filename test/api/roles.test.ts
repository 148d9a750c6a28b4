import { describe, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import { signIn } from "../support/console.ts";
import { openLiveWorld } from "./live-world.ts";
import type { Operation } from "./openapi-operations.ts";

const READ = ["sessions:read", "users:read", "handoff:read", "access:read"];
const CHANGE = ["sessions", "messages", "users", "trigger", "deliveries", "access"].map(
  (thing) => `${thing}:write`,
);
/** The scopes of each role, from the lowest to the highest. */
const ROLES = {
  viewer: READ,
  agent: [...READ, "handoff:write", "contacts:read"],
  operator: [...READ, "handoff:write", "contacts:read", ...CHANGE],
  owner: ["admin"],
};
type Role = keyof typeof ROLES;

/** Each operation that changes something, with the lowest role that may call it. New operations must be added here. */
const LEAST: Record<Role, string[]> = {
  // These only read, or affect only the caller.
  viewer: ["renderSession", "createConsoleSession", "deleteConsoleSession"],
  agent: [
    "releaseHandoff",
    "replyInHandoff",
    "requestHandoff",
    "revealUser",
    "takeHandoff",
    "uploadHandoffAttachment",
  ],
  operator: [
    "approveAccessCode",
    "approveAccessRequest",
    "cancelExecution",
    "cancelSchedule",
    "checkTrigger",
    "changeSchedule",
    "createChatCompletion",
    "createInvite",
    "createSchedule",
    "createSchedules",
    "createSession",
    "createSocketToken",
    "deleteAccessGrant",
    "deleteInvite",
    "deleteSession",
    "deleteUser",
    "denyAccessRequest",
    "endSession",
    "mergeParticipantData",
    "rateMessage",
    "replaceParticipantData",
    "replaySessions",
    "resetSession",
    "resolveDelivery",
    "retryDeliveries",
    "retryDelivery",
    "retryExecution",
    "retryFailure",
    "sendMessage",
    "streamMessage",
    "triggerBotMessage",
    "triggerBotMessages",
    "updateSession",
    "uploadAttachment",
  ],
  owner: ["createApiKey", "deleteApiKey", "rollBackAgent"],
};

const PLACEHOLDER = newId();
const isChange = ({ method }: Operation) => method !== "GET";

describe("roles", () => {
  it("are refused each change that needs a higher role, on every route", async () => {
    await using world = await openLiveWorld();
    const changes = world.operations.filter(isChange);
    expect(changes.map(({ id }) => id).sort()).toEqual(Object.values(LEAST).flat().sort());
    const rows = async () => (await world.app.api("GET", "/audit?limit=1")).body.meta.total;
    for (const [role, scopes] of Object.entries(ROLES) as [Role, string[]][]) {
      const { body: key } = await world.app.api("POST", "/api_keys", { name: role, scopes });
      const person = await signIn(world.app.url, { key: key.secret });
      const before = await rows();
      const refused: string[] = [];
      for (const operation of changes.filter(({ open, id }) => !open && id !== "deleteConsoleSession")) {
        const path = `${operation.server}${operation.path.replaceAll(/\{\w+\}/g, PLACEHOLDER)}`;
        const call = (headers?: Record<string, string>) => person.call(operation.method, path, {}, headers);
        const foreign = await call({});
        expect([operation.id, foreign.status, foreign.body.error.code]).toEqual([
          operation.id,
          403,
          "console_header_missing",
        ]);
        const { status, body } = await call();
        expect([operation.id, status]).not.toEqual([operation.id, 401]);
        if (status === 403) {
          expect([operation.id, body.error.code]).toEqual([operation.id, "insufficient_scope"]);
          refused.push(operation.id);
        }
      }
      const above = Object.keys(ROLES).slice(Object.keys(ROLES).indexOf(role) + 1) as Role[];
      expect([role, refused.sort()]).toEqual([role, above.flatMap((one) => LEAST[one]).sort()]);
      // A refused call leaves no row, so the log contains only changes.
      if (role === "viewer") expect(await rows()).toBe(before);
    }
  });
});
