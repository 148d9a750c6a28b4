import type { ApiAnswer } from "./app.ts";

/** A person who is signed in to the console: calls with the cookie, as a browser sends it. */
export interface SignedIn {
  cookie: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
}

/** Signs in to the console. Throws if it is refused. */
export async function signIn(url: string, proof: { key: string } | { code: string }): Promise<SignedIn> {
  const answer = await postSignIn(url, proof);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0];
  if (answer.status !== 201 || cookie === undefined) throw new Error(`sign-in refused: ${answer.status}`);
  return {
    cookie,
    async call(method, path, body, headers = { "X-Console": "1" }) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          cookie,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answerOf(response);
    },
  };
}

/** One attempt to sign in. */
export async function postSignIn(url: string, proof: unknown): Promise<ApiAnswer> {
  const response = await fetch(`${url}/console/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(proof),
  });
  return answerOf(response);
}

async function answerOf(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: text === "" ? null : JSON.parse(text) };
}
