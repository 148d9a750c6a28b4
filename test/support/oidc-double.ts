import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { startLoopbackServer } from "./loopback-server.ts";

/** An OpenID Connect provider whose keys, claims and faults the test decides. Everybody is signed in at once. */
export interface OidcDouble extends AsyncDisposable {
  issuer: string;
  clientId: string;
  /** Claims of the ID token, besides those that the protocol needs. */
  claims: Record<string, unknown>;
  /** Replaces the nonce in the next ID token. */
  nonce: string | null;
  /** Makes new keys, and forgets the old ones. */
  rotate(): Promise<void>;
  /** A token that is signed by the provider now. */
  sign(claims: JWTPayload): Promise<string>;
}

/** The claim by which a provider tells that a session is over. */
export const LOGOUT = { events: { "http://schemas.openid.net/event/backchannel-logout": {} } };

export async function startOidcDouble(): Promise<OidcDouble> {
  const codes = new Map<string, { nonce: string }>();
  let key = await newKey();
  const { server: _server, ...loopback } = await startLoopbackServer(
    async (request, response) => {
      const url = new URL(request.url ?? "/", double.issuer);
      const json = (body: unknown) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(body));
      };
      switch (url.pathname) {
        case "/.well-known/openid-configuration":
          return json({
            issuer: double.issuer,
            authorization_endpoint: `${double.issuer}/authorize`,
            token_endpoint: `${double.issuer}/token`,
            jwks_uri: `${double.issuer}/keys`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
          });
        case "/keys":
          return json({
            keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: "RS256", use: "sig" }],
          });
        case "/authorize": {
          const code = randomBytes(8).toString("hex");
          codes.set(code, { nonce: url.searchParams.get("nonce") ?? "" });
          const back = new URL(url.searchParams.get("redirect_uri") ?? "");
          back.search = new URLSearchParams({ code, state: url.searchParams.get("state") ?? "" }).toString();
          response.writeHead(302, { location: back.href }).end();
          return;
        }
        default: {
          const pieces: Buffer[] = [];
          for await (const piece of request) pieces.push(piece as Buffer);
          const code = new URLSearchParams(Buffer.concat(pieces).toString()).get("code") ?? "";
          const known = codes.get(code);
          codes.delete(code);
          response.statusCode = known ? 200 : 400;
          if (!known) return json({ error: "invalid_grant" });
          const nonce = double.nonce ?? known.nonce;
          const idToken = await double.sign({ sub: "ada", ...double.claims, nonce });
          return json({ access_token: "opaque", token_type: "Bearer", expires_in: 60, id_token: idToken });
        }
      }
    },
    (response) => void response.writeHead(500).end(),
  );
  const double: OidcDouble = {
    issuer: loopback.origin,
    clientId: "console",
    claims: {},
    nonce: null,
    async rotate() {
      key = await newKey();
    },
    sign: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256", kid: key.kid })
        .setIssuer(loopback.origin)
        .setAudience("console")
        .setIssuedAt()
        .setExpirationTime("5 minutes")
        .setJti(randomBytes(8).toString("hex"))
        .sign(key.privateKey),
    [Symbol.asyncDispose]: loopback.close,
  };
  return double;
}

async function newKey() {
  return { ...(await generateKeyPair("RS256")), kid: randomBytes(4).toString("hex") };
}
