// What a plan allows and how much of it is used, and what the RateLimit headers of an answer say.
import type { Shape } from '$lib/api/client';

export type Quota = Shape<'Quota'>;
export type Setting = Shape<'ConfigSetting'>;
export const LIMITS = ['members', 'keys', 'jobs_waiting', 'storage_bytes', 'requests_per_hour'] as const;
export type Limit = (typeof LIMITS)[number];

export interface Line {
  name: Limit;
  limit: number;
  /** Null where the server does not count it for a reader (requests: their own headers tell). */
  used: number | null;
  /** Open invitations, which count as people. */
  invited?: number;
}

/** The plan's limits, each with what is used of it. */
export function linesOf(limits: Quota['limits'], counts: Readonly<Record<string, number>>): Line[] {
  return LIMITS.map((name) => {
    const invited = name === 'members' ? (counts['invitations'] ?? 0) : 0;
    const count = counts[name];
    return { name, limit: limits[name], used: count === undefined ? null : count + invited, ...(invited ? { invited } : {}) };
  });
}

/** How near the end it is. */
export function toneOf(used: number, limit: number): 'plain' | 'warn' | 'bad' {
  if (used >= limit) return 'bad';
  return limit > 0 && used / limit >= 0.8 ? 'warn' : 'plain';
}

/** What an answer's headers say of the tightest limit that applies. */
export interface Rate {
  limit: number;
  remaining: number;
  /** Seconds until a request is allowed; 0 where one is. */
  reset_s: number;
  policy: string;
  /** The policy's name: `user`, `key`, `anonymous`, `workspace`, `route`. */
  name: string;
  window_s: number;
  /** Seconds to wait, of an answer that was refused. */
  retryAfter_s: number | null;
}

/** Reads them; null where there are none, because limits are switched off. */
export function rateOf(headers: Headers): Rate | null {
  const limit = headers.get('ratelimit-limit');
  if (limit === null) return null;
  const policy = headers.get('ratelimit-policy') ?? '';
  const parts = /^"([^"]*)";q=(\d+);w=(\d+)/.exec(policy);
  const wait = headers.get('retry-after');
  return {
    limit: Number(limit),
    remaining: Number(headers.get('ratelimit-remaining') ?? 0),
    reset_s: Number(headers.get('ratelimit-reset') ?? 0),
    policy,
    name: parts?.[1] ?? '',
    window_s: Number(parts?.[3] ?? 0),
    retryAfter_s: wait === null ? null : Number(wait),
  };
}

/** Settings that bound somebody, besides those of the section `limits`. */
const BOUNDS = ['auth.workspaces_per_person', 'jobs.most_waiting', 'objects.workspace_limit_bytes', 'events.streams_per_caller', 'events.streams_per_workspace', 'http.maximum_connections'];

/** The settings of a configuration that limit somebody, those of `limits` first. */
export function boundsOf(configuration: Pick<Shape<'Configuration'>, 'sections'>): Setting[] {
  const all = configuration.sections.flatMap((section) => section.settings);
  return [...all.filter((one) => one.key.startsWith('limits.')), ...all.filter((one) => BOUNDS.includes(one.key))];
}

export interface RouteLimit {
  method: string;
  path: string;
  per_minute: number;
}

/** Routes with a limit of their own, by what the document says of them: the tightest first. */
export function routesOf(document: { paths?: Record<string, Record<string, unknown>> }): RouteLimit[] {
  const found: RouteLimit[] = [];
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations)) {
      const per_minute = (operation as Record<string, unknown> | null)?.['x-limit-per-minute'];
      if (typeof per_minute === 'number') found.push({ method: method.toUpperCase(), path, per_minute });
    }
  }
  return found.sort((a, b) => a.per_minute - b.per_minute || a.path.localeCompare(b.path));
}
