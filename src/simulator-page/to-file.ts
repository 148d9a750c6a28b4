/** A file as the control API takes it. */
export interface SentFile {
  name: string;
  content_type: string;
  data: string;
}

export async function toFile(file: File): Promise<SentFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { name: file.name, content_type: file.type || "application/octet-stream", data: btoa(binary) };
}
