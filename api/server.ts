import express, { type Express } from 'express';
import { pinoHttp } from 'pino-http';
import type { ApiDeps } from './deps.js';
import type { Endpoint } from './endpoint.js';
import { createOnce } from './idempotency.js';
import { createMetrics, type Metrics } from './metrics.js';
import { mount } from './mount.js';
import { createOpenApi } from './openapi.js';
import { answerRun } from './routes/answer.js';
import { getApp, listApps, pauseApp, removeApp, resumeApp } from './routes/apps.js';
import { listAudit } from './routes/audit.js';
import { changeApp } from './routes/change-app.js';
import { listRunChanges } from './routes/changes.js';
import {
  getCertificate,
  listCertificateKeys,
  rotateCertificateKey,
  verifyCertificate,
} from './routes/certificate.js';
import { getChecklist } from './routes/checklist.js';
import { cleanupRun, listConflicts } from './routes/cleanup.js';
import { compareRecord } from './routes/compare.js';
import { checkConnection, preflightApp, putCredentials } from './routes/connection.js';
import { confirmConnect, connectApp } from './routes/connect.js';
import { documentRoutes } from './routes/documents.js';
import { decideDuplicate } from './routes/decide-duplicate.js';
import { listDuplicates } from './routes/duplicates.js';
import { addRecord, archiveRecord, changeRecordRoute } from './routes/edit-records.js';
import { getFile, listFiles } from './routes/files.js';
import { healthz, readyz } from './routes/health.js';
import { listHolds } from './routes/holds.js';
import { installApp } from './routes/install-app.js';
import { addKey, changeKey, getKey, listKeys, revokeKey } from './routes/keys.js';
import { acknowledgeRun, unlockApp } from './routes/lock.js';
import { addMember, changeMember, getMember, listMembers, removeMember } from './routes/members.js';
import { listMappings, proposeTargets } from './routes/mappings.js';
import { oauthCallback } from './routes/oauth-callback.js';
import { metricsRoute } from './routes/metrics.js';
import { dismissProblems, listProblems } from './routes/problems.js';
import { listProviders } from './routes/providers.js';
import { getRecord, listRecords } from './routes/records.js';
import { reviewRun } from './routes/review.js';
import { cancelRun, pauseRun, resumeRun } from './routes/run-control.js';
import { runEvents } from './routes/run-events.js';
import { applyPlan, replan } from './routes/plan.js';
import { repairRun } from './routes/repair.js';
import { getRun, listAppRuns, listRuns } from './routes/runs.js';
import { getBackup, getSource } from './routes/source.js';
import { startRun } from './routes/start-run.js';
import { uploadFile } from './routes/upload-file.js';
import { addWorkspace, listWorkspaces, removeWorkspace } from './routes/workspaces.js';

/** Every route of the API. What is not here does not exist. */
export const ROUTES: readonly Endpoint[] = [
  ...[healthz, readyz],
  ...[listProviders, installApp, listApps, getApp, changeApp, removeApp, pauseApp, resumeApp, unlockApp],
  ...[listMappings, proposeTargets],
  ...[putCredentials, checkConnection, preflightApp],
  ...[connectApp, oauthCallback, confirmConnect],
  ...[uploadFile, listFiles, getFile],
  ...[startRun, listAppRuns, listRuns, getRun, runEvents, pauseRun, resumeRun, cancelRun],
  ...[applyPlan, replan],
  ...[listProblems, dismissProblems, listRunChanges, listDuplicates, getBackup, getSource],
  ...[
    getChecklist,
    reviewRun,
    answerRun,
    cleanupRun,
    listConflicts,
    repairRun,
    decideDuplicate,
    acknowledgeRun,
    listHolds,
  ],
  ...[listRecords, getRecord, addRecord, changeRecordRoute, archiveRecord, compareRecord],
  ...[listMembers, getMember, addMember, changeMember, removeMember],
  ...[listKeys, getKey, addKey, changeKey, revokeKey],
  ...[listWorkspaces, addWorkspace, removeWorkspace, listAudit],
  ...[getCertificate, listCertificateKeys, rotateCertificateKey, verifyCertificate],
];

export function createServer(deps: ApiDeps): Express {
  const metrics = createMetrics(deps);
  const routes: Endpoint[] = [...ROUTES, metricsRoute(metrics), ...documentRoutes(() => document)];
  const document = createOpenApi(routes, deps.settings.version);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(logged(deps));
  app.use(measured(metrics));
  app.use((_req, res, next) => {
    res.set({
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    });
    next();
  });
  const once = createOnce({ store: deps.store, secretKey: deps.settings.secretKey, newId: deps.newId });
  mount(app, routes, deps, once);
  return app;
}

/** Path, status and time of each request. No header, no query and no body: keys, names and secrets stay out of the log. */
function logged({ logger, newId }: ApiDeps) {
  return pinoHttp({
    logger,
    genReqId: (_req, res) => {
      const requestId = newId();
      res.setHeader('X-Request-Id', requestId);
      return requestId;
    },
    autoLogging: { ignore: ({ url }) => url === '/healthz' || url === '/readyz' || url === '/metrics' },
    customLogLevel: (_req, res, error) => (error || res.statusCode >= 500 ? 'warn' : 'info'),
    serializers: {
      req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({
        id,
        method,
        path: url.split('?')[0],
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });
}

function measured(metrics: Metrics): express.RequestHandler {
  return (req, res, next) => {
    const from = performance.now();
    res.on('finish', () => {
      const route: unknown = (req.route as { path?: unknown } | undefined)?.path;
      metrics.answered({
        method: req.method,
        // Unknown paths share one label: anyone can make them up.
        route: typeof route === 'string' ? route : 'unknown',
        status: res.statusCode,
        seconds: (performance.now() - from) / 1000,
      });
    });
    next();
  };
}
