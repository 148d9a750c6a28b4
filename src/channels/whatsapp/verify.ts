/** Each provider proves its requests in its own way: see `meta/verify.ts` and `../twilio/verify.ts`. */
export { isOneOf } from "../webhook-request.ts";
