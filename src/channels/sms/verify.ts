/** Twilio signs requests for every channel in the same way: see `../twilio/verify.ts`. */
export { createWebhook } from "../twilio/webhook.ts";
