import { type Answer, type ApiFault, readForeignAnswer } from "../kit/api-fault.ts";
import { type JsonBody, readJson } from "../kit/json-body.ts";

/** The fault for an unexpected answer of Twilio. */
export function readRefusal(answer: Answer): ApiFault {
  const { status, retryAfterMs } = answer;
  const body: JsonBody | null = readJson(answer.body);
  // A 429 is a limit, whoever wrote the answer.
  if (status === 429) return { kind: "refused", status, code: 20429, said: null, retryAfterMs };
  if (status === 401) return { kind: "refused", status, code: 20003, said: null, retryAfterMs };
  // Twilio's older errors have `message`, the newer ones `detail` and `title` (RFC 9457).
  const said = [body?.["message"], body?.["detail"], body?.["title"]].find(
    (each) => typeof each === "string",
  );
  const code = body?.["code"];
  if (typeof code !== "number" && said === undefined) return readForeignAnswer(status);
  return {
    kind: "refused",
    status,
    code: typeof code === "number" ? code : 0,
    said: typeof said === "string" ? said : null,
    retryAfterMs,
  };
}
