/** Twilio signs requests for every channel in the same way: see `../twilio/verify.ts`. */
export { checkHead, createVerifier, notAMessage } from "../twilio/verify.ts";
