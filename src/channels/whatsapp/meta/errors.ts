import { type Answer, type ApiFault, readForeignAnswer } from "../errors.ts";
import { asObject, readJson } from "../json-body.ts";

/** Said of an id in the URL that does not exist: the phone number's (Meta, "Handling errors"). */
const NO_SUCH_OBJECT = 33;

/** An answer of Meta's that is not what was asked for. */
export function readRefusal(answer: Answer): ApiFault {
  const { status, retryAfterMs } = answer;
  const error = asObject(readJson(answer.body)?.["error"]);
  // The limit is a limit whoever words it.
  if (status === 429 && error === null)
    return { kind: "refused", status, code: 130429, said: null, retryAfterMs };
  if (error === null) return readForeignAnswer(status);
  const { code, error_subcode: subcode, message } = error;
  const details = asObject(error["error_data"])?.["details"];
  const said = [details, message].find((words) => typeof words === "string");
  const isMissing = code === 100 && subcode === NO_SUCH_OBJECT;
  return {
    kind: "refused",
    status,
    code: isMissing ? NO_SUCH_OBJECT : typeof code === "number" ? code : -1,
    said: typeof said === "string" ? said : null,
    retryAfterMs,
  };
}
