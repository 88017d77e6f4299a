// A camera's picture on a canvas: a JPEG as an image, the key frame of an MP4
// through a video element, which is the only decoder of H.264 that a page has.

export class PictureError extends Error {
  constructor(readonly kind: "undecoded" | "broken") {
    super(kind);
  }
}

const DECODE_FOR = 8000; // ms; a phone that cannot decode sometimes says nothing at all
const PRESENT_FOR = 1000; // ms between loaded and shown

/** Draws it, at most so many pixels wide. The blob may be let go afterwards. */
export async function draw(blob: Blob, canvas: HTMLCanvasElement, most: number): Promise<void> {
  const url = URL.createObjectURL(blob);
  try {
    const source = blob.type.startsWith("video/") ? await frame(url) : await image(url);
    const [width, height] = source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.naturalWidth, source.naturalHeight];
    const scale = Math.min(1, most / width);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")!.drawImage(source, 0, 0, canvas.width, canvas.height);
    if (source instanceof HTMLVideoElement) release(source);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Lets the decoder go: phones have few of them. */
function release(video: HTMLVideoElement): void {
  video.onerror = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
}

async function image(url: string): Promise<HTMLImageElement> {
  const img = new Image();
  img.src = url;
  try {
    await img.decode();
  } catch {
    throw new PictureError("broken");
  }
  return img;
}

function frame(url: string): Promise<HTMLVideoElement> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  return new Promise((done, failed) => {
    let timer = setTimeout(() => failed(new PictureError("undecoded")), DECODE_FOR);
    const end = () => {
      clearTimeout(timer);
      if (video.videoWidth > 0) done(video);
      else failed(new PictureError("undecoded"));
    };
    video.onerror = end;
    video.onended = end;
    // Loaded is not yet decoded everywhere: the frame itself is waited for, and where a
    // browser does not tell of it, a moment.
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(end);
    video.onloadeddata = () => {
      clearTimeout(timer);
      timer = setTimeout(end, PRESENT_FOR);
    };
    video.src = url;
    // Phones load a video's first frame only when it is to be played; being muted, it may.
    video.play().catch(() => {}); // a refusal shows as an error or as nothing loaded
  });
}

/** The canvas as JPEG of at most so many bytes; smaller until it fits. */
export async function jpeg(canvas: HTMLCanvasElement, most: number): Promise<Blob | null> {
  for (const quality of [0.85, 0.7, 0.5, 0.3]) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (!blob || blob.size <= most) return blob;
  }
  return null;
}

/** As the API's JSON wants it. */
export function base64(blob: Blob): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => failed(reader.error ?? new Error("read picture"));
    reader.readAsDataURL(blob);
  });
}

const turns = new Map<string, Promise<unknown>>();

/** One after the other: recorders serve few pictures at a time. */
export function inTurn<T>(who: string, act: () => Promise<T>): Promise<T> {
  const before = turns.get(who) ?? Promise.resolve();
  const mine = before.then(act, act);
  turns.set(who, mine.catch(() => {}));
  return mine;
}
