// One home's playlist in one <video>: hls.js where the browser has MSE, the
// browser's own HLS otherwise. It translates between media and wall time.
import type Hls from "hls.js";
import { codeOfStatus } from "../api/client";
import { afterGap, toMedia, toWall, type Piece } from "../model/clip";

/** Why it cannot play: a Problem code, or "media" for footage that does not decode. */
export type Failure = string;

export class ClipSource {
  private hls: Hls | null = null;
  private pieces: () => Piece[] = () => [];
  private gone = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onfail: (why: Failure) => void,
  ) {}

  /** Loads and begins at a wall time. */
  async load(url: string, at: number): Promise<void> {
    const { default: Hls } = await import("hls.js");
    if (this.gone) return;
    if (Hls.isSupported()) this.loadByHls(Hls, url, at);
    else if (this.video.canPlayType("application/vnd.apple.mpegurl")) this.loadByBrowser(url, at);
    else this.onfail("media");
  }

  private loadByHls(HlsClass: typeof Hls, url: string, at: number): void {
    // The window is short and chosen; a modest buffer keeps homes' uplinks and the log quiet.
    const hls = (this.hls = new HlsClass({ maxBufferLength: 20, backBufferLength: 60, autoStartLoad: false }));
    let mended = false;
    // Nothing is fetched before it is known where in the window to begin: each
    // fetched segment is a look that stands in the log.
    hls.on(HlsClass.Events.LEVEL_LOADED, (_, data) => (this.pieces = () => data.details.fragments));
    hls.on(HlsClass.Events.MANIFEST_PARSED, () => {
      const details = hls.levels[0]?.details;
      if (details) this.pieces = () => details.fragments;
      hls.startLoad(toMedia(this.pieces(), at) ?? -1);
    });
    hls.on(HlsClass.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      const status = data.response?.code ?? 0;
      if (data.type === HlsClass.ErrorTypes.NETWORK_ERROR) this.onfail(status >= 400 ? codeOfStatus(status) : "offline");
      else if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR && !mended) {
        mended = true; // once: a second time it is the footage
        hls.recoverMediaError();
      } else this.onfail("media");
    });
    hls.loadSource(url);
    hls.attachMedia(this.video);
  }

  /** The browser does not show its playlist; it tells the wall time of zero. */
  private loadByBrowser(url: string, at: number): void {
    const video = this.video as HTMLVideoElement & { getStartDate?: () => Date };
    video.src = url;
    video.addEventListener("error", () => this.onfail("media"), { once: true });
    video.addEventListener("loadedmetadata", () => {
      const start = video.getStartDate?.().getTime() ?? NaN;
      if (Number.isNaN(start)) return;
      this.pieces = () => [{ start: 0, duration: video.duration, programDateTime: start }];
      this.seek(at);
    }, { once: true });
  }

  get ready(): boolean {
    return this.pieces().length > 0;
  }

  /** The wall time that is shown. */
  wall(): number | null {
    return toWall(this.pieces(), this.video.currentTime);
  }

  seek(at: number): void {
    const media = toMedia(this.pieces(), at);
    if (media !== null) this.video.currentTime = media;
  }

  /** Jumps over a gap when playback stands in one; tells whether it did. */
  skipGap(): boolean {
    const next = afterGap(this.pieces(), this.video.currentTime);
    if (next === null) return false;
    this.video.currentTime = next + 0.01;
    return true;
  }

  close(): void {
    this.gone = true;
    if (this.hls) this.hls.destroy();
    else this.video.removeAttribute("src");
    this.hls = null;
  }
}

/** Whether this browser says that it can decode a media type. */
export function canDecode(type: string | null): boolean {
  if (!type) return true;
  const mse = "MediaSource" in window && MediaSource.isTypeSupported(type);
  return mse || document.createElement("video").canPlayType(type) !== "";
}
