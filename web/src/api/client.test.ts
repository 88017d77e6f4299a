import { expect, test } from "vitest";
import { asProblem, onSignedOut, ProblemError, problemOf, take } from "./client";

const response = (status: number) => new Response(null, { status });

test.each([
  [400, { code: "off-road", detail: "312 m" }, "off-road", "312 m"],
  [503, "<html>bad gateway</html>", "unavailable", ""],
  [401, null, "signed-out", ""],
  [418, undefined, "internal", ""],
  [404, { code: 7 }, "not-found", ""],
])("%d %j", (status, body, code, detail) => {
  const problem = problemOf(status, body);
  expect([problem.code, problem.detail]).toEqual([code, detail]);
});

test("no answer is offline", () => expect(asProblem(new TypeError("fetch failed")).code).toBe("offline"));

test("take gives the data or throws", async () => {
  await expect(take(Promise.resolve({ data: 7, response: response(200) }))).resolves.toBe(7);
  await expect(take(Promise.resolve({ error: { code: "no-case" }, response: response(403) }))).rejects.toMatchObject({ code: "no-case" });
  await expect(take(Promise.reject(new TypeError("gone")))).rejects.toBeInstanceOf(ProblemError);
});

test("an ended session is told once where it is known", async () => {
  let ended = 0;
  onSignedOut(() => ended++);
  await expect(take(Promise.resolve({ error: null, response: response(401) }))).rejects.toThrow();
  expect(ended).toBe(1);
});
