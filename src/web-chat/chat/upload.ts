import { CallError } from "./call-error.ts";
import type { WireAttachment } from "./wire.ts";

/** Sends a file as it is. `fetch` does not tell how far it has come, so this is the older way. */
export function upload(options: {
  url: string;
  token: string;
  file: File;
  signal: AbortSignal;
  /** @param share from 0 to 1. */
  onProgress: (share: number) => void;
}): Promise<WireAttachment> {
  const { url, token, file, signal, onProgress } = options;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      const error = request.response?.error;
      reject(new CallError(request.status, String(error?.code), String(error?.message ?? request.status)));
    };
    request.onerror = () => reject(new CallError(0, "unreachable", "The server cannot be reached."));
    request.onabort = () => reject(new CallError(0, "aborted", "It was taken back."));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
