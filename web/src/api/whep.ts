// A live view by WHEP (draft-ietf-wish-whep): offer out, answer back, and a
// resource to delete on leaving. SDP is not JSON, so this is fetch itself.
import { asProblem, problemOf } from "./client";

export type LiveAnswer = { sdp: string; leave: () => void };

export async function watchLive(
  caseID: string,
  camera: string,
  offer: string,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const url = `/api/v1/cases/${encodeURIComponent(caseID)}/cameras/${encodeURIComponent(camera)}/live`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: offer,
      signal,
    });
  } catch (thrown) {
    throw asProblem(thrown);
  }
  if (!response.ok) {
    throw problemOf(response.status, await response.json().catch(() => null));
  }
  const place = response.headers.get("Location");
  const leave = () => {
    // keepalive: the page may be closing. A hub that does not hear this stops by itself.
    if (place) fetch(new URL(place, location.origin), { method: "DELETE", keepalive: true }).catch(() => {});
  };
  return { sdp: await response.text(), leave };
}
