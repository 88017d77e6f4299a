// The one fetch client. Every refusal becomes a ProblemError with a code, for
// which src/i18n has a sentence.
import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";

export class ProblemError extends Error {
  constructor(
    readonly code: string,
    readonly detail = "",
  ) {
    super(detail ? `${code}: ${detail}` : code);
  }
}

export const client = createClient<paths>({ baseUrl: "/api/v1" });

let signedOut: () => void = () => {};

/** Called when the hub says that the session has ended. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

/** What a status means when the answer carries no Problem (a proxy, a crash). */
export function codeOfStatus(status: number): string {
  switch (status) {
    case 400:
    case 422:
      return "bad-request";
    case 401:
      return "signed-out";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 409:
      return "conflict";
    case 413:
      return "too-large";
    case 429:
      return "too-many";
    case 502:
    case 503:
    case 504:
      return "unavailable";
  }
  return "internal";
}

/** Reads the Problem of an answer that is not a success. */
export function problemOf(status: number, body: unknown): ProblemError {
  const problem = body as { code?: unknown; detail?: unknown } | null | undefined;
  const code = typeof problem?.code === "string" ? problem.code : codeOfStatus(status);
  const detail = typeof problem?.detail === "string" ? problem.detail : "";
  return new ProblemError(code, detail);
}

/** Any thrown value as a ProblemError; a fetch that got no answer is "offline". */
export function asProblem(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  if (thrown instanceof TypeError) return new ProblemError("offline", thrown.message);
  return new ProblemError("internal", String(thrown));
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or a thrown ProblemError. */
export async function take<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (thrown) {
    throw asProblem(thrown);
  }
  if (answer.response.ok) return answer.data as T;
  const problem = problemOf(answer.response.status, answer.error);
  if (problem.code === "signed-out") signedOut();
  throw problem;
}
