import { AsyncLocalStorage } from "node:async_hooks";
import twilio from "twilio";
import type RequestClient from "twilio/lib/base/RequestClient.js";
import type httpResponse from "twilio/lib/http/response.js";
import type { ApiClient } from "../kit/api-client.ts";
import type { ApiFault } from "../kit/api-fault.ts";
import { asObject, readJson } from "../kit/json-body.ts";
import { readRefusal } from "./refusal.ts";

/**
 * A 2xx answer without the expected data comes from something in between. Twilio may or may not have got the request.
 */
export const UNREADABLE: ApiFault = { kind: "unanswered", code: "http_200" };

/** A call without a readable answer of the 200s. */
export class CallFailed extends Error {
  readonly fault: ApiFault;

  constructor(fault: ApiFault) {
    super(`the call to Twilio failed: ${fault.kind}`);
    this.fault = fault;
  }
}

/**
 * Makes the calls of Twilio's SDK with our own HTTP client. The SDK's client does not tell if a failed
 * request was sent. A send that may have arrived must not be repeated without a mark.
 */
export class SdkTransport extends twilio.RequestClient {
  readonly #client: ApiClient;
  readonly #apiBaseUrl: string;
  /** The SDK's methods take no signal. */
  readonly #signals = new AsyncLocalStorage<AbortSignal>();

  constructor(client: ApiClient, apiBaseUrl: string) {
    super();
    this.#client = client;
    this.#apiBaseUrl = apiBaseUrl;
  }

  /** Runs a method of the SDK. Its calls end with the signal. */
  run<T>(method: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#signals.run(signal, method);
  }

  /** The SDK types the answer's body like the request's, and reads only fields that it checks. */
  override async request<Data>(
    options: RequestClient.RequestOptions<Data>,
  ): Promise<httpResponse.default<Data>> {
    const { method, uri, username, password, params, data } = options;
    const url = twilioUrl(this.#apiBaseUrl, new URL(uri));
    for (const [name, value] of formFields(params)) url.searchParams.append(name, value);
    const hasBody = method === "post" || method === "put";
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const answer = await this.#client.call(
      {
        method: hasBody ? "POST" : "GET",
        url,
        headers: {
          authorization,
          ...(hasBody ? { "content-type": "application/x-www-form-urlencoded" } : {}),
        },
        body: hasBody ? new URLSearchParams(formFields(data)).toString() : null,
      },
      this.#signals.getStore() ?? new AbortController().signal,
    );
    if ("kind" in answer) throw new CallFailed(answer);
    if (answer.status < 200 || answer.status >= 300) throw new CallFailed(readRefusal(answer));
    const body: unknown = asObject(readJson(answer.body));
    if (body === null) throw new CallFailed(UNREADABLE);
    return { statusCode: answer.status, body: body as Data, headers: {} };
  }
}

/** The address of a call. `apiBaseUrl` may name a proxy, which then stands for all hosts of Twilio. */
export function twilioUrl(apiBaseUrl: string, { hostname, pathname, search }: URL): URL {
  const url = new URL(`${apiBaseUrl.replace(/\/$/, "")}${pathname}${search}`);
  const [product = "api"] = hostname.split(".", 1);
  url.hostname = url.hostname.replace(/^api(?=\.(?:[\w-]+\.)*twilio\.com$)/, product);
  return url;
}

/** A list is the same field several times. */
function formFields(fields: unknown): [string, string][] {
  return Object.entries(Object(fields)).flatMap(([name, value]: [string, unknown]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined)
      .map((each): [string, string] => [name, String(each)]),
  );
}
