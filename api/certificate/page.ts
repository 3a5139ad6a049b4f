import { createHash } from 'node:crypto';
import type { SignedCertificate } from '../shapes/certificate.js';
import { escapeHtml as escape } from '../html.js';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1c1e21}main{max-width:60rem;margin:0 auto;padding:1.5rem 2rem}
h1{margin-bottom:.2rem}h2{font-size:1.05rem;border-top:1px solid #e3e5e8;padding-top:.8rem}small{color:#5a6068}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #eceef0;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right}code,pre{font-size:.88em}pre{background:#f7f8f9;padding:.8rem;overflow:auto;white-space:pre-wrap;word-break:break-all}
@media print{pre{white-space:pre-wrap}}`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing runs and nothing is loaded: what a record or a note says is text here, whatever it looks like. */
export const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
};

/** The certificate as one readable, self-contained page; the signed text itself is at its end. */
export function certificatePage(signed: SignedCertificate): string {
  const { certificate: of } = signed;
  const title = `Certificate of run ${of.run.runId}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escape(title)}</h1><p><small>Issued ${escape(of.issuedAt)}, of revision ${of.run.revision}</small></p>
${rows(facts(signed))}
<h2>Objects</h2>${objects(of)}
<h2>Gates</h2>${gates(of)}
<h2>Reviews</h2>${reviews(of)}
${of.cleanup ? `<h2>Clean-up</h2>${rows(Object.entries(of.cleanup).map(([name, value]) => [name, said(value)]))}${cleanups(of)}` : ''}
<h2>Problems by code</h2>${problems(of)}
<h2>Rules and engines</h2>${rows(rulesAndEngines(of))}
<h2>Signature</h2>${rows([
    ['Algorithm', signed.algorithm],
    ['Key', signed.keyId],
    ['Signature', signed.signature],
    [
      'To verify',
      'POST the JSON below to /v1/certificates/verify, or offline: node scripts/verify-certificate.mjs',
    ],
  ])}
<pre>${escape(JSON.stringify(signed, null, 2))}</pre>
</main></body></html>`;
}

type Of = SignedCertificate['certificate'];

function facts({ certificate: of }: SignedCertificate): [string, string][] {
  const { run, app, account } = of;
  return [
    ['App', `${app.name ?? app.appId} (${app.providerId}, ${app.appId})`],
    ['Account', account ? `${account.name} (${account.id})` : 'none'],
    ['Workspace', of.workspaceId],
    ['Run', `${run.kind}, ${run.mode}: ${run.status}, review ${run.reviewState}`],
    ['Started by', `${run.startedBy.name}, ${run.createdAt}`],
    ['From, until', `${run.startedAt ?? 'never begun'}, ${run.endedAt ?? ''}`],
    ['Books', of.booksClosed ? 'closed' : 'OPEN'],
    ['Last error', run.lastError ? `${run.lastError.code}: ${run.lastError.message}` : 'none'],
    ['Warnings', of.warnings.join(', ') || 'none'],
    ['Blockers', of.blockers.join(', ') || 'none'],
    ['Events held', String(of.automationsHeld.events)],
    ['Acknowledged', run.acknowledged ? `${run.acknowledged.by.name}: ${run.acknowledged.note}` : 'no'],
  ];
}

const COUNTS = ['fetched', 'created', 'updated', 'unchanged', 'skipped', 'failed', 'deleted'] as const;

function objects({ objects: all }: Of): string {
  return table(
    ['Object', 'State', ...COUNTS, 'Provider', 'Books'],
    all.map((each) => [
      each.object,
      each.state,
      ...COUNTS.map((name) => each.counts[name]),
      each.providerTotal ?? '',
      each.booksClosed ? 'closed' : 'OPEN',
    ]),
  );
}

function gates({ objects: all }: Of): string {
  return table(
    ['Object', 'Stood on', 'Sample'],
    all.map(({ object, stoodOn, sample }) => [
      object,
      stoodOn
        ? `${stoodOn.object}: ${stoodOn.decision ?? stoodOn.state}${stoodOn.by ? ` by ${stoodOn.by.name}, ${stoodOn.at ?? ''}` : ''}`
        : 'nothing before it',
      sample
        ? (sample.failed ??
          `${sample.records} records: ${Object.entries(sample.fields)
            .map(([verdict, count]) => `${count} ${verdict}`)
            .join(', ')}`)
        : 'none',
    ]),
  );
}

function reviews({ reviews: all }: Of): string {
  return table(
    ['Object', 'Decision', 'Who', 'When', 'Confirmed', 'Note'],
    all.map(({ object, decision, by, at, confirmed, note }) => [
      ...[object, decision, by?.name ?? '', at ?? '', confirmed.join(', '), note ?? ''],
    ]),
  );
}

function cleanups({ cleanups: all }: Of): string {
  return table(
    ['Object', 'How', 'Removed', 'Restored', 'Kept', 'Conflicts', 'Who', 'Begun', 'Done', 'Note'],
    all.map((each) => [
      ...[each.object, each.mode, each.removed, each.restored, each.kept, each.conflicts],
      ...[each.by?.name ?? '', each.at, each.endedAt, each.note ?? ''],
    ]),
  );
}

function problems({ problems: all }: Of): string {
  return table(
    ['Object', 'Severity', 'Code', 'State', 'Count'],
    all.map(({ object, severity, code, state, count }) => [object, severity, code, state, count]),
  );
}

function rulesAndEngines({ mapping, engines, temporal, plan }: Of): [string, string][] {
  return [
    ['Mapping', mapping ? `version ${mapping.version}, rules SHA-256 ${mapping.rulesSha256}` : 'none'],
    ['Plan', plan ? `${plan.hash}, applied ${plan.appliedAt ?? 'never'}` : 'none'],
    [
      'Workflow',
      `${temporal.workflowId} (${temporal.temporalRunId ?? 'never begun'}), ${temporal.namespace}`,
    ],
    ['Sluice', engines.sluice],
    ['Temporal', `${engines.temporal.name} ${engines.temporal.version ?? '(not reached)'}`],
    ['Store', `${engines.store.name ?? ''} ${engines.store.version ?? '(not reached)'}`],
  ];
}

function rows(all: readonly (readonly [string, string])[]): string {
  return `<table>${all.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</table>`;
}

function table(heads: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  if (lines.length === 0) return '<p>None.</p>';
  const cell = (value: string | number): string =>
    `<td${typeof value === 'number' ? ' class="n"' : ''}>${escape(String(value))}</td>`;
  return `<table><tr>${heads.map((head) => `<th>${escape(head)}</th>`).join('')}</tr>${lines
    .map((line) => `<tr>${line.map(cell).join('')}</tr>`)
    .join('')}</table>`;
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
