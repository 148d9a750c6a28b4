import { z } from "zod";
import { issuerProblem } from "../public-url.ts";
import { variable } from "../variable.ts";

/** Variables of the OpenID Connect provider with which people sign in to the console. */
export const oidcVariables = {
  CAUSEWAY_OIDC_ISSUER: variable({
    doc: "The OpenID Connect provider with which people sign in to the console, such as `https://login.example.org/realms/staff`. It needs `CAUSEWAY_OIDC_CLIENT_ID`.",
    schema: z.string().superRefine((text, check) => {
      const problem = issuerProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "people sign in with an API key",
  }),
  CAUSEWAY_OIDC_CLIENT_ID: variable({
    doc: "The id of the console at the provider. Register `CAUSEWAY_PUBLIC_URL/console/oidc/callback` there as its redirect URI.",
    schema: z.string(),
    default: null,
  }),
  CAUSEWAY_OIDC_CLIENT_SECRET: variable({
    doc: "The secret of the console at the provider.",
    schema: z.string(),
    default: null,
    unset: "a public client, which PKCE protects",
  }),
  CAUSEWAY_OIDC_ROLE_CLAIM: variable({
    doc: "The claim that names the role: `viewer`, `agent`, `operator` or `owner`, alone or in a list, also as `causeway-agent`. A dotted path leads into objects (`realm_access.roles`).",
    schema: z.string(),
    default: "roles",
  }),
  CAUSEWAY_OIDC_SCOPE: variable({
    doc: "The requested scopes, separated by spaces. Some providers give groups only for a scope `groups`.",
    schema: z.string().regex(/(?:^| )openid(?: |$)/, "write scopes with openid among them"),
    default: "openid profile email",
  }),
};
