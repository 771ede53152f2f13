import { afterEach, describe, expect, it, vi } from "vitest";

import { ApiError, del, fillPath, get, post, request, setSessionEndHandler, toQuery } from "./client";

function answer(status: number, body?: unknown, type = "application/json"): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: body === undefined ? {} : { "Content-Type": type },
  });
}

function hub(response: Response | Error) {
  const asked = vi.fn<typeof fetch>(() =>
    response instanceof Error ? Promise.reject(response) : Promise.resolve(response),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
  setSessionEndHandler(() => undefined);
});

describe("addresses", () => {
  it("keep each parameter one part of the path", () => {
    expect(fillPath("/clusters/{name}/x", { name: "a/../b?c" })).toBe("/clusters/a%2F..%2Fb%3Fc/x");
  });
  it("are refused when a part is missing", () => {
    expect(() => fillPath("/clusters/{name}", { name: "" })).toThrow("needs name");
  });
  it("leave out what is absent and repeat lists", () => {
    expect(toQuery({ a: undefined, b: ["x", "y z"], c: 3, d: "" })).toBe("?b=x&b=y+z&c=3");
  });
});

describe("requests", () => {
  it("give the decoded answer, and send no token", async () => {
    const asked = hub(answer(200, { items: [] }));
    expect(await get("/api/v1/clusters")).toEqual({ items: [] });
    const headers = asked.mock.calls[0]?.[1]?.headers as Record<string, string>;
    expect(Object.keys(headers)).not.toContain("Authorization");
  });
  it("send a body as JSON", async () => {
    const asked = hub(answer(201, { name: "a" }));
    await post("/api/v1/clusters", { body: { name: "a" } });
    expect(asked.mock.calls[0]?.[1]?.body).toBe('{"name":"a"}');
  });
  it("give nothing for an answer without content", async () => {
    hub(answer(204));
    await expect(del("/api/v1/clusters/{name}", { path: { name: "a" } })).resolves.toBeUndefined();
  });
});

describe("refusals", () => {
  const problem = {
    status: 403,
    title: "Forbidden",
    detail: "you may not",
    missing: { permission: "clusters.manage", role: "admin" },
  };
  it("carry the hub's own words, the missing grant and the faults of fields", async () => {
    hub(
      answer(
        403,
        { ...problem, errors: [{ field: "name", message: "too long" }] },
        "application/problem+json",
      ),
    );
    const error = await request("GET", "/x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    const refusal = error as ApiError;
    expect(refusal.message).toBe("you may not");
    expect(refusal.isForbidden).toBe(true);
    expect(refusal.missing).toEqual(problem.missing);
    expect(refusal.fields).toEqual([{ field: "name", message: "too long" }]);
  });
  it("are told also when something between answers with a page", async () => {
    hub(new Response("<html>", { status: 502, headers: { "Content-Type": "text/html" } }));
    await expect(request("GET", "/x")).rejects.toMatchObject({ status: 502 });
  });
  it("say that the hub does not answer", async () => {
    hub(new TypeError("failed"));
    await expect(request("GET", "/x")).rejects.toMatchObject({ status: 0, isUnreachable: true });
  });
  it("leave a request that was given up alone", async () => {
    hub(new DOMException("", "AbortError"));
    await expect(request("GET", "/x")).rejects.toMatchObject({ name: "AbortError" });
  });
  it("of a session that ended are told at once, but not while signing in", async () => {
    const ended = vi.fn();
    setSessionEndHandler(ended);
    hub(answer(401, { detail: "sign in" }));
    await request("POST", "/api/v1/session").catch(() => undefined);
    expect(ended).not.toHaveBeenCalled();
    hub(answer(401, { detail: "sign in" }));
    await request("GET", "/api/v1/clusters").catch(() => undefined);
    expect(ended).toHaveBeenCalledOnce();
  });
});
