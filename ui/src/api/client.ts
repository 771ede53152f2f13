/**
 * The hub's API, typed by its own document: `get("/api/v1/clusters/{name}", { path: { name } })`.
 *
 * The browser's session cookie says who asks; no token ever passes through here. Whatever goes wrong becomes an
 * `ApiError`: an answer of the hub (with its problem details), or that there was none.
 */
import type { paths } from "./schema";

type Method = "get" | "post" | "put" | "patch" | "delete";

type Operation<P extends keyof paths, M extends Method> = paths[P][M];

/** The paths that the hub serves with this method. */
export type PathsWith<M extends Method> = {
  [P in keyof paths]: NonNullable<Operation<P, M>> extends { responses: unknown } ? P : never;
}[keyof paths];

type Parameters<O> = O extends { parameters: infer P } ? P : never;
type QueryOf<O> = Parameters<O> extends { query?: infer Q } ? Q : never;
type PathOf<O> = Parameters<O> extends { path: infer P } ? P : never;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : never;

type Json<R> = R extends { content: infer C }
  ? C extends { "application/json": infer J }
    ? J
    : C extends Record<string, infer J>
      ? J
      : undefined
  : undefined;
type Success<R> = R extends { 200: infer A }
  ? Json<A>
  : R extends { 201: infer A }
    ? Json<A>
    : R extends { 202: infer A }
      ? Json<A>
      : undefined;

/** What a successful answer holds. */
export type Answer<P extends keyof paths, M extends Method = "get"> =
  NonNullable<Operation<P, M>> extends { responses: infer R } ? Success<R> : never;

type Absent<T> = [T] extends [never] ? true : false;
type Options<O> = (Absent<PathOf<O>> extends true ? { path?: undefined } : { path: PathOf<O> }) &
  (Absent<QueryOf<O>> extends true ? { query?: undefined } : { query?: NonNullable<QueryOf<O>> }) &
  (Absent<BodyOf<O>> extends true ? { body?: unknown } : { body: NonNullable<BodyOf<O>> }) & {
    signal?: AbortSignal;
    headers?: Record<string, string>;
  };
type Rest<O> = object extends Options<O> ? [options?: Options<O>] : [options: Options<O>];

type Call<M extends Method> = <P extends PathsWith<M>>(
  path: P,
  ...rest: Rest<NonNullable<Operation<P, M>>>
) => Promise<Answer<P, M>>;

/** What one lacks for what one asked: `missing` of a 403. */
export interface MissingGrant {
  permission: string;
  role: string;
  cluster?: string;
  namespace?: string;
}

/** One field of the request that the hub does not take, and why. */
export interface FieldError {
  field: string;
  message: string;
}

/** The hub's own words on what went wrong (RFC 9457), as far as it said any. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  missing?: MissingGrant;
  errors?: FieldError[];
}

/** A request that failed. `status` is 0 when the hub could not be reached at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly missing: MissingGrant | undefined;
  readonly fields: readonly FieldError[];
  /** The whole answer, for what one endpoint alone says. */
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.title = problem.title;
    this.missing = problem.missing;
    this.fields = problem.errors ?? [];
    this.problem = problem;
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  get isUnauthorized(): boolean {
    return this.status === 401;
  }

  get isForbidden(): boolean {
    return this.status === 403;
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }
}

/** Told of every 401 but those of signing in: the session has ended. */
let onSessionEnd: () => void = () => undefined;

export function setSessionEndHandler(handler: () => void): void {
  onSessionEnd = handler;
}

/** A path with its parameters put in, each as one part of the address. */
export function fillPath(template: string, parameters: Record<string, unknown> = {}): string {
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined || value === null || value === "") {
      throw new Error(`the path ${template} needs ${name}`);
    }
    return encodeURIComponent(toText(value));
  });
}

/** A query string; absent values are left out, lists are repeated. */
export function toQuery(query: Record<string, unknown> = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one !== undefined && one !== null && one !== "") pairs.append(name, toText(one));
    }
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

function toText(value: unknown): string {
  return typeof value === "string"
    ? value
    : value instanceof Date
      ? value.toISOString()
      : JSON.stringify(value);
}

export interface RawOptions {
  path?: unknown;
  query?: unknown;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** One request; the decoded answer. Typed ones are `get`, `post`, `put`, `patch` and `del` below. */
export async function request(method: string, path: string, options: RawOptions = {}): Promise<unknown> {
  const url =
    fillPath(path, options.path as Record<string, unknown>) +
    toQuery(options.query as Record<string, unknown>);
  const hasBody = options.body !== undefined;
  const isText = typeof options.body === "string";
  const response = await reach(url, {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json, application/problem+json",
      ...(hasBody && !isText ? { "Content-Type": "application/json" } : {}),
      ...options.headers,
    },
    body: hasBody ? (isText ? (options.body as string) : JSON.stringify(options.body)) : undefined,
    signal: options.signal,
  });
  if (!response.ok) throw await toError(response, url);
  if (response.status === 204) return undefined;
  const kind = response.headers.get("Content-Type") ?? "";
  return kind.includes("json") ? ((await response.json()) as unknown) : response.text();
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({
      status: 0,
      title: "No answer",
      detail: "The hub does not answer. Is the network up?",
    });
  }
}

async function toError(response: Response, url: string): Promise<ApiError> {
  const problem = await readProblem(response);
  if (response.status === 401 && !url.startsWith("/api/v1/session")) onSessionEnd();
  return new ApiError(problem);
}

async function readProblem(response: Response): Promise<Problem> {
  const title = response.statusText || `Error ${response.status}`;
  const fallback = {
    status: response.status,
    title,
    detail: `The hub answered ${response.status} ${title}.`,
  };
  if (!response.headers.get("Content-Type")?.includes("json")) return fallback;
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

function caller<M extends Method>(method: M): Call<M> {
  return ((path: string, options?: RawOptions) => request(method.toUpperCase(), path, options)) as Call<M>;
}

export const get = caller("get");
export const post = caller("post");
export const put = caller("put");
export const patch = caller("patch");
export const del = caller("delete");
