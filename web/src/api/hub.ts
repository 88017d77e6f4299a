// What the pages ask of the hub, one function a question. Only pages call these.
import { asProblem, client, problemOf, take } from "./client";
import type { Measure, NewCase, NewHousehold, NewUser, Position, SearchRequest, SetupRequest } from "./types";

export const setupNeeded = () => take(client.GET("/setup"));
export const setUp = (body: SetupRequest) => take(client.POST("/setup", { body }));

export const session = () => take(client.GET("/session"));
export const signIn = (login: string, password: string) =>
  take(client.POST("/session", { body: { login, password } }));
export const signOut = () => take(client.DELETE("/session"));

export const users = () => take(client.GET("/users"));
export const createUser = (body: NewUser) => take(client.POST("/users", { body }));

export const households = () => take(client.GET("/households"));
export const createHousehold = (body: NewHousehold) => take(client.POST("/households", { body }));
export const receipts = (household: string) =>
  take(client.GET("/households/{household}/receipts", { params: { path: { household } } }));
export const invite = (household: string) =>
  take(client.POST("/households/{household}/invitations", { params: { path: { household } } }));
export const revokeDevice = (device: string) =>
  take(client.DELETE("/devices/{device}", { params: { path: { device } } }));

/** Where the hub's CA certificate is for browsers; a hub with a public certificate has none. */
export const caPath = "/api/v1/ca.pem";
export const hasCA = () => fetch(caPath).then((answer) => answer.ok, () => false);

export const roads = () => take(client.GET("/roads"));
export const stretch = (a: Position, b: Position) =>
  take(client.POST("/roads/stretch", { body: { a, b } }));
export const setMeasure = (road: string, body: Measure) =>
  take(client.PUT("/roads/{road}/measure", { params: { path: { road } }, body }));
export const upkeep = () => take(client.GET("/upkeep"));
export const cameras = () => take(client.GET("/cameras"));

export const cases = () => take(client.GET("/cases"));
export const openCase = (body: NewCase) => take(client.POST("/cases", { body }));
export const getCase = (id: string) =>
  take(client.GET("/cases/{case}", { params: { path: { case: id } } }));
export const closeCase = (id: string) =>
  take(client.POST("/cases/{case}/close", { params: { path: { case: id } } }));
export const caseLog = (id: string) =>
  take(client.GET("/cases/{case}/log", { params: { path: { case: id } } }));

export const search = (id: string, body: SearchRequest, signal?: AbortSignal) =>
  take(client.POST("/cases/{case}/search", { params: { path: { case: id } }, body, signal }));

export const requestFootage = (id: string, camera: string, from: string, to: string) =>
  take(client.POST("/cases/{case}/cameras/{camera}/requests", { params: { path: { case: id, camera } }, body: { from, to } }));

/** One picture as a file that a <video> shows, and when it was taken (RFC 3339). */
export async function still(id: string, camera: string, at: string, signal: AbortSignal): Promise<{ picture: Blob; taken: string }> {
  const path = `/api/v1/cases/${encodeURIComponent(id)}/cameras/${encodeURIComponent(camera)}/still`;
  let answer: Response;
  try {
    answer = await fetch(`${path}?${new URLSearchParams({ at })}`, { signal });
  } catch (thrown) {
    throw asProblem(thrown);
  }
  if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
  return { picture: await answer.blob(), taken: answer.headers.get("Xulang-Time") ?? at };
}
