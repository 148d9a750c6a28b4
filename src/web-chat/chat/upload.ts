import { CallError } from "./call-error.ts";
import type { WireAttachment } from "./wire.ts";

/** Sends a file unchanged. It uses the older API, because `fetch` reports no progress. */
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

const HEIC = /^image\/hei[cf](-sequence)?$/i;

/**
 * A file in a format that bots can read. Models do not accept pictures of iPhones (HEIC), so these become JPEG if the
 * browser can read them. Null if it cannot.
 */
export async function seenFile(file: File): Promise<File | null> {
  if (!HEIC.test(file.type) && !/\.hei[cf]$/i.test(file.name)) return file;
  try {
    const picture = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
    return jpeg && new File([jpeg], file.name.replace(/\.hei[cf]$/i, ".jpg"), { type: jpeg.type });
  } catch {
    return null;
  }
}
