// Finds a QR code in a photo. The decoder comes only when there is a photo: most of
// the page never needs it.

/** null: no code was found. Throws when the file is no picture. */
export async function readQR(file: Blob): Promise<string | null> {
  const [{ decodeQR }, image] = await Promise.all([import("qr/decode.js"), open(file)]);
  // Phones photograph 12 megapixels; a code of 60 modules needs few of them. Small
  // sizes take noise away, large ones find a code that is far; a turn helps where
  // the lines of the code and of the pixels beat.
  for (const [side, turn] of [[1000, 0], [1600, 0], [640, 0], [1200, 20], [2400, 0], [1600, -35]] as const) {
    await new Promise((done) => setTimeout(done)); // between two tries the page may draw
    const pixels = drawn(image, side, turn);
    try {
      return decodeQR(pixels, { effort: 6, timeLimit: 700 });
    } catch {
      // Nothing at this size; the next may.
    }
  }
  return null;
}

async function open(file: Blob): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function drawn(image: HTMLImageElement, side: number, turn: number): ImageData {
  const scale = Math.min(1.5, side / Math.max(image.naturalWidth, image.naturalHeight));
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const angle = (turn * Math.PI) / 180;
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(Math.abs(w * Math.cos(angle)) + Math.abs(h * Math.sin(angle)));
  canvas.height = Math.ceil(Math.abs(w * Math.sin(angle)) + Math.abs(h * Math.cos(angle)));
  const to = canvas.getContext("2d", { willReadFrequently: true })!;
  to.fillStyle = "#fff";
  to.fillRect(0, 0, canvas.width, canvas.height);
  to.translate(canvas.width / 2, canvas.height / 2);
  to.rotate(angle);
  to.drawImage(image, -w / 2, -h / 2, w, h);
  return to.getImageData(0, 0, canvas.width, canvas.height);
}
