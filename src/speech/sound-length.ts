/** Ogg/Opus always counts its samples at this rate. */
const OPUS_RATE = 48_000;
const PAGE_HEADER_BYTES = 27;

/** The length of a sound in seconds, read from the file itself. Null for a format that does not tell it. */
export function secondsOf(content: Buffer): number | null {
  if (content.subarray(0, 4).toString("latin1") === "OggS") return secondsOfOgg(content);
  const isWave = content.subarray(0, 4).toString("latin1") === "RIFF";
  return isWave && content.subarray(8, 12).toString("latin1") === "WAVE" ? secondsOfWave(content) : null;
}

/** The last page of an Ogg file tells how many samples come before its end. */
function secondsOfOgg(content: Buffer): number | null {
  const opus = content.subarray(0, 200).indexOf("OpusHead");
  const vorbis = content.subarray(0, 200).indexOf("\x01vorbis");
  const last = content.lastIndexOf("OggS");
  if (last + PAGE_HEADER_BYTES > content.length || (opus === -1 && vorbis === -1)) return null;
  const samples = Number(content.readBigInt64LE(last + 6));
  // A live recorder, or a file of one page, tells nothing.
  if (samples <= 0) return null;
  if (vorbis !== -1) {
    const rate = vorbis + 16 <= content.length ? content.readUInt32LE(vorbis + 12) : 0;
    return rate === 0 ? null : samples / rate;
  }
  const skipped = opus + 12 <= content.length ? content.readUInt16LE(opus + 10) : 0;
  return Math.max(0, samples - skipped) / OPUS_RATE;
}

/** The header of a wave file tells its bytes per second. A recorder that writes live leaves the length open. */
function secondsOfWave(content: Buffer): number | null {
  const data = content.subarray(0, 4096).indexOf("data");
  if (data === -1 || content.length < data + 8) return null;
  const bytesPerSecond = content.readUInt32LE(28);
  const bytes = Math.min(content.readUInt32LE(data + 4), content.length - data - 8);
  return bytesPerSecond === 0 ? null : bytes / bytesPerSecond;
}
