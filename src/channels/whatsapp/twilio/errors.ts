import { type Answer, type ApiFault, readForeignAnswer } from "../errors.ts";
import { type JsonBody, readJson } from "../json-body.ts";

/** An answer of Twilio's that is not what was asked for. */
export function readRefusal(answer: Answer): ApiFault {
  const { status, retryAfterMs } = answer;
  const body: JsonBody | null = readJson(answer.body);
  // The limit is a limit whoever words it.
  if (status === 429) return { kind: "refused", status, code: 20429, said: null, retryAfterMs };
  if (status === 401) return { kind: "refused", status, code: 20003, said: null, retryAfterMs };
  // `message` in the errors Twilio has always had, `detail` and `title` in the newer ones (RFC 9457).
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
