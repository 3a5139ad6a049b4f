import { Cron } from 'croner';
import { syncable } from '../activities/providers/provider-sync.js';
import type { ProviderDescription } from '../activities/providers/provider.js';
import type { AppDoc, ScheduleDoc } from '../activities/store/documents.js';
import { settleSchedule } from '../activities/store/settle-schedule.js';
import { inRunOrder } from '../workflows/contract/objects.js';
import type { ApiDeps } from './deps.js';
import { Problem, type Issue } from './errors.js';
import { secondsOf } from './span.js';
import { given } from './shapes/common.js';
import type { SchedulePatch, ScheduleShape } from './shapes/schedule.js';

const MINUTE = 60;
const DAY = 86_400;
const LONGEST = 366 * DAY;
const SPAN = 'Must be a time such as "15m", "1h" or "PT1H", or a number of seconds';
const NAMES = ['@hourly', '@daily', '@weekly', '@monthly', '@yearly'];
/** Numbers and names with ranges, lists and steps: what Temporal and the checking library read in the same way. */
const FIELD = /^(?:\*|\d+|[a-z]{3}|(?:\d+|[a-z]{3})-(?:\d+|[a-z]{3}))(?:\/\d+)?$/i;

type Given = Pick<ScheduleDoc, 'interval' | 'cron' | 'timeZone' | 'jitter' | 'objects'>;

/**
 * The schedule that a patch leaves. Throws 400 with paths for times that cannot be, 409 `action_not_supported` where the provider
 * offers no sync (of an object), 422 for an object out of scope.
 */
export function scheduleAfter(
  app: AppDoc,
  description: ProviderDescription,
  patch: SchedulePatch | null,
  set: ScheduleDoc['set'],
): ScheduleDoc | null {
  if (patch === null) return null;
  if (!description.actions.sync) {
    throw new Problem(
      'action_not_supported',
      `${description.name} does not offer sync, so there is nothing to schedule. Nothing was changed. Leave the schedule out.`,
      { kind: 'sync' },
    );
  }
  const wanted = merged(app.schedule, patch);
  const issues: Issue[] = [];
  const wrong = (field: string, message: string): null => {
    issues.push({ path: `body.schedule${field}`, message });
    return null;
  };
  const { interval, cron, timeZone, jitter, objects } = wanted;
  if ((interval === null) === (cron === null)) {
    wrong('', 'Must have either an `interval` or a `cron`, and not both');
  }
  const zone = timeZone === null ? null : (zoneOf(timeZone) ?? wrong('.timeZone', ZONE));
  const everySeconds = interval === null ? null : everyOf(interval, wrong);
  const expression = cron === null ? null : cronOf(cron, zone, wrong);
  const jitterSeconds = jitter === null ? null : jitterOf(jitter, everySeconds ?? DAY, wrong);
  if (issues.length > 0) throw refused(issues);
  refuseObjects(app, description, objects);
  const timing = { everySeconds, cron: expression, timeZone: zone, jitterSeconds: jitterSeconds || null };
  return { interval, jitter, objects: objects && inRunOrder(objects), ...timing, set };
}

const ZONE = 'Must be an IANA time zone, such as "Europe/Berlin" or "UTC"';

function refused(issues: Issue[]): Problem {
  const [first] = issues;
  const where = first ? `${first.path}: ${first.message}` : 'see `issues`';
  return new Problem(
    'invalid_request',
    `${where}. Nothing was changed. Correct the request and send it again.`,
    { issues },
  );
}

/** A merge patch, in which an interval takes the place of a cron and the other way round. */
function merged(current: ScheduleDoc | null, patch: SchedulePatch): Given {
  const kept: Given = current ?? { interval: null, cron: null, timeZone: null, jitter: null, objects: null };
  const or = <T>(value: T | undefined, before: T): T => (value === undefined ? before : value);
  const { interval, cron } = patch;
  return {
    interval: or(interval, cron ? null : kept.interval),
    cron: or(cron, interval !== undefined && interval !== null ? null : kept.cron),
    timeZone: or(patch.timeZone, kept.timeZone),
    jitter: or(patch.jitter, kept.jitter),
    objects: or(patch.objects, kept.objects),
  };
}

type Wrong = (field: string, message: string) => null;

function everyOf(interval: string | number, wrong: Wrong): number | null {
  const seconds = secondsOf(interval);
  if (seconds === null) return wrong('.interval', SPAN);
  if (seconds < MINUTE) return wrong('.interval', 'Must be at least one minute');
  return seconds > LONGEST ? wrong('.interval', 'Must be at most 366 days') : seconds;
}

function jitterOf(jitter: string | number, below: number, wrong: Wrong): number | null {
  const seconds = secondsOf(jitter);
  if (seconds === null) return wrong('.jitter', SPAN);
  return seconds >= below ? wrong('.jitter', 'Must be shorter than the interval, and than a day') : seconds;
}

/** As Temporal writes it, whose names know upper and lower case; null: there is no such zone. */
function zoneOf(timeZone: string): string | null {
  if (!/^[A-Za-z]/.test(timeZone)) return null;
  try {
    const { timeZone: found } = new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions();
    return found.toLowerCase() === timeZone.toLowerCase() ? found : timeZone;
  } catch {
    return null;
  }
}

function cronOf(cron: string, timeZone: string | null, wrong: Wrong): string | null {
  const no = (why: string): null => wrong('.cron', why);
  const expression = cron.trim().replace(/\s+/g, ' ').toLowerCase();
  if (expression.startsWith('@')) {
    return NAMES.includes(expression)
      ? expression
      : no(`Must be five fields, such as "0 6 * * 1-5", or one of ${NAMES.join(', ')}`);
  }
  const fields = expression.split(' ');
  if (fields.length !== 5) {
    return no(
      'Must have five fields (minute, hour, day of month, month, day of week), such as "0 6 * * 1-5"',
    );
  }
  const strange = fields.flatMap((field) => field.split(',')).find((part) => !FIELD.test(part));
  if (strange !== undefined)
    return no(`"${strange}" is not understood; use numbers, names, *, lists, a-b and /n`);
  if (!fields[2]?.startsWith('*') && !fields[4]?.startsWith('*')) {
    return no(
      'Must leave the day of the month or the day of the week open (*): both together mean different things in different places',
    );
  }
  try {
    const next = new Cron(expression, {
      mode: '5-part',
      paused: true,
      timezone: timeZone ?? 'UTC',
    }).nextRun();
    return next === null ? no('This time never comes') : expression;
  } catch {
    return no(
      'Is no cron expression: a number is out of its range, or a step or a range is not as it should be',
    );
  }
}

function refuseObjects(app: AppDoc, description: ProviderDescription, objects: Given['objects']): void {
  const outside = (objects ?? []).filter((object) => !app.scope.includes(object));
  if (outside.length > 0) {
    throw new Problem(
      'object_out_of_scope',
      `${outside.join(', ')}: not in this app's scope (${app.scope.join(', ')}). Nothing was changed. Leave it out, or add it to the scope.`,
      { objects: outside, scope: app.scope },
    );
  }
  const wanted = objects ?? app.scope;
  const able = syncable(description, wanted);
  const unable = objects ? wanted.filter((object) => !able.includes(object)) : [];
  if (unable.length > 0 || able.length === 0) {
    throw new Problem(
      'action_not_supported',
      `${description.name} does not offer sync of ${(unable.length > 0 ? unable : wanted).join(', ')}. Nothing was changed. Leave it out, and import it instead.`,
      { kind: 'sync', objects: unable },
    );
  }
}

/** After the app was written. Temporal that is away is no error: the sweeper tells it later, and the sheet says `pending`. */
export async function tellTemporal(deps: ApiDeps, app: AppDoc): Promise<AppDoc> {
  const { workspaceId, appId } = app;
  try {
    await settleSchedule({ apps: deps.store.apps, schedules: deps.workflows }, app);
  } catch (error) {
    const kind = error instanceof Error ? error.name : typeof error;
    deps.logger.warn({ appId, kind }, 'Temporal was not told of a schedule; the sweeper will');
  }
  return (await deps.store.apps.get(workspaceId, appId)) ?? app;
}

export async function viewSchedule(deps: ApiDeps, app: AppDoc): Promise<ScheduleShape | null> {
  if (!app.schedule) return null;
  const { interval, cron, timeZone, jitter, objects, everySeconds, jitterSeconds, set } = app.schedule;
  // The sheet is shown also while Temporal is away.
  const nextAt = app.schedulePending ? null : await deps.workflows.nextDue(app).catch(() => null);
  return {
    ...given({
      interval: interval ?? undefined,
      cron: cron ?? undefined,
      timeZone: timeZone ?? undefined,
      jitter: jitter ?? undefined,
      objects: objects ?? undefined,
      everySeconds: everySeconds ?? undefined,
      jitterSeconds: jitterSeconds ?? undefined,
      pending: app.schedulePending || undefined,
    }),
    ...{ nextAt, lastSkip: app.scheduleSkip ?? null, setAt: set.at, setBy: set.by },
  };
}
