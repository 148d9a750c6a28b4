import { z } from "zod";

const authTokenSchema = z
  .string()
  .regex(/^\S+$/, "is not an auth token; copy it from the first page of the Twilio console");

/** The keys of a Twilio account in the configuration of a channel. */
export const twilioAccountShape = {
  accountSid: z
    .string()
    .regex(/^AC[\w-]+$/, "is not an account SID: those begin with AC")
    .describe("The account's SID, from the first page of the Twilio console."),
  authToken: authTokenSchema.describe(
    "The account's primary auth token. It sends messages and proves that a request comes from Twilio.",
  ),
  secondaryAuthToken: authTokenSchema
    .optional()
    .describe("A second token with valid signatures, for the time in which you change the auth token."),
};

/** The address of Twilio's REST API in the configuration of a channel. */
export const twilioApiBaseUrlSchema = z
  .url({ protocol: /^https?$/, error: "must be a URL such as https://api.twilio.com" })
  .default("https://api.twilio.com")
  .describe("Address of the REST API: Twilio's own or a proxy.");
