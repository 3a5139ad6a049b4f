import type { Ask } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { connectionOf, providerOf } from '../open-run.js';
import { ProviderFailure } from '../providers/provider.js';
import { rulesOf, forObject } from '../preflight/rules.js';
import { compareFields, rawReader } from '../records/compare.js';
import { compileMapping } from '../records/mapping.js';
import { installedApp } from './app.js';

/** One record beside what its provider says right now. The API has seen that there is a link. */
export async function compareRecord(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'compare' }>,
  signal: AbortSignal,
): Promise<unknown> {
  const { workspaceId, recordId } = ask;
  const [[record], links] = await Promise.all([
    deps.store.records.byIds(workspaceId, [recordId]),
    deps.store.links.byRecords(workspaceId, [recordId]),
  ]);
  const link = links.find((entry) => ask.appId === null || entry.appId === ask.appId);
  if (!record || !link) throw new ProviderFailure('superseded', 'The record or its link is gone meanwhile.');
  const app = await installedApp(deps, workspaceId, link.appId);
  const { object } = record;
  const provider = providerOf(deps, app.providerId);
  const pins = await rulesOf(deps, app, provider, { objects: [object], adoptProposal: false });
  const open = { settings: app.settings, mapping: pins.rules.mapping, files: pins.files };
  const session = await provider.open(
    connectionOf(deps, app, { ...open, traffic: { requests: 0, bytes: 0 } }),
  );
  try {
    const [source] = await session.get(object, [link.externalId], signal);
    // Only after it: some providers know an address no sooner than they have seen the record.
    const providerUrl = session.urlOf?.(object, link.externalId) ?? null;
    if (!source)
      return { appId: app.appId, externalId: link.externalId, providerUrl, gone: true, fields: [] };
    const rules = forObject(pins.rules, pins.locales, object);
    const mapped = compileMapping(object, rules)(source);
    if (!mapped.ok) throw new ProviderFailure('unmappable', mapped.problems[0].message);
    const raw = rawReader(object, rules)(source);
    const fields = compareFields({ source: mapped.record, raw, record, link });
    return { appId: app.appId, externalId: link.externalId, providerUrl, gone: false, fields };
  } finally {
    await session.close();
  }
}
