import { type Answer, type ApiFault, readForeignAnswer } from "../../kit/api-fault.ts";
import { asObject, readJson } from "../../kit/json-body.ts";

/** Meta's subcode if the id in the URL, the phone number's, does not exist (Meta, "Handling errors"). */
const NO_SUCH_OBJECT = 33;

/** The code of a wrong signature. A wrong or missing proof comes as 100, and only its text tells it apart. */
export const PROOF_REFUSED = 104;

/** An answer from Meta that is not the expected one. */
export function readRefusal(answer: Answer): ApiFault {
  const { status, retryAfterMs } = answer;
  const error = asObject(readJson(answer.body)?.["error"]);
  // A rate limit counts, whichever server reports it.
  if (status === 429 && error === null)
    return { kind: "refused", status, code: 130429, said: null, retryAfterMs };
  if (error === null) return readForeignAnswer(status);
  const { code, error_subcode: subcode, message } = error;
  const details = asObject(error["error_data"])?.["details"];
  const said = [details, message].find((words) => typeof words === "string");
  const isMissing = code === 100 && subcode === NO_SUCH_OBJECT;
  const isProofRefused = code === 100 && /appsecret_proof/.test(String(message));
  return {
    kind: "refused",
    status,
    code: isMissing ? NO_SUCH_OBJECT : isProofRefused ? PROOF_REFUSED : typeof code === "number" ? code : -1,
    said: typeof said === "string" ? said : null,
    retryAfterMs,
  };
}
