// What the page asks of the agent, one function a question. Only pages and the
// house's state call these. Every refusal is a ProblemError with a code.
import createClient from "openapi-fetch";
import { take } from "../../../src/api/client";
import type { paths } from "./schema.gen";
import type { Agreement, Aiming, Pairing, View } from "./types";

const client = createClient<paths>({ baseUrl: "/api/v1" });
const recorder = (id: string) => ({ path: { recorder: id } });
const camera = (id: string) => ({ path: { camera: id } });

export const session = () => take(client.GET("/session"));
export const enter = (code: string) => take(client.POST("/session", { body: { code } }));
export const closeSession = () => take(client.DELETE("/session"));
export const state = () => take(client.GET("/state"));

export const pair = (body: Pairing) => take(client.POST("/pair", { body }));
export const leave = (erase: boolean, anew: boolean) => take(client.DELETE("/pair", { params: { query: { erase, anew } } }));

export const confirmNetworks = (confirmed: string[]) => take(client.PUT("/networks", { body: { confirmed } }));
export const startSearch = () => take(client.POST("/search"));
export const found = () => take(client.GET("/search"));
export const openRecorder = (address: string, username: string, password: string) =>
  take(client.POST("/recorders", { body: { address, username, password } }));
export const addAddress = (url: string) => take(client.POST("/recorders/url", { body: { url } }));
export const forgetRecorder = (id: string) => take(client.DELETE("/recorders/{recorder}", { params: recorder(id) }));
export const choose = (id: string, channels: number[]) =>
  take(client.PUT("/recorders/{recorder}/chosen", { params: recorder(id), body: { channels } }));

/** A picture: JPEG, or an MP4 of one key frame (the blob's type tells). */
type Blobs = { parseAs: "blob" };
const blob = (asked: Promise<{ data?: unknown; error?: unknown; response: Response }>) => take(asked as Promise<{ data?: Blob; response: Response }>);
const asBlob: Blobs = { parseAs: "blob" };
export const channelPicture = (id: string, channel: number, signal: AbortSignal) =>
  blob(client.GET("/recorders/{recorder}/channels/{channel}/picture", { params: { path: { recorder: id, channel } }, signal, ...asBlob }));
export const picture = (id: string, signal: AbortSignal) =>
  blob(client.GET("/cameras/{camera}/picture", { params: camera(id), signal, ...asBlob }));
export const reference = (id: string, signal: AbortSignal) =>
  blob(client.GET("/cameras/{camera}/reference", { params: camera(id), signal, ...asBlob }));

export const aim = (id: string, body: Aiming) => take(client.PUT("/cameras/{camera}/aim", { params: camera(id), body }));

/** Without a picture the agent asks the camera for one. */
export const check = (id: string, jpeg: Blob | null) =>
  take(
    client.POST("/cameras/{camera}/check", {
      params: camera(id),
      body: (jpeg ?? undefined) as unknown as string | undefined,
      bodySerializer: (body) => body as unknown as BodyInit,
      headers: { "Content-Type": "image/jpeg" },
    }),
  );

export const consent = (id: string, body: Agreement) => take(client.PUT("/cameras/{camera}/consent", { params: camera(id), body }));
export const keep = (days: number) => take(client.PUT("/keep", { body: { days } }));
export const pause = (paused: boolean, id?: string) => take(client.PUT("/pause", { body: { paused, camera: id } }));
export const answer = (want: string, granted: boolean) =>
  take(client.PUT("/requests/{want}", { params: { path: { want } }, body: { granted } }));

export const roads = (near?: { lon: number; lat: number; radius: number }) => take(client.GET("/map", { params: { query: near ?? {} } }));
export const seen = (view: View, signal: AbortSignal) => take(client.POST("/seen", { body: view, signal }));
export const startSelfTest = () => take(client.POST("/selftest"));
export const notice = (lang: string) => `/api/v1/notice.pdf?lang=${lang}`;
