/** One import that a rule must refuse, or one that no rule may refuse. */
export interface Import {
  from: string;
  /** A path inside the house, the name of a package, or a Node built-in. */
  to: string;
  /** `import type` instead of `import`. */
  types?: true;
}

/** For every rule, imports that it must refuse. Each file appears once, so that no control leans on another. */
export const REFUSED: Record<string, Import[]> = {
  'contract-stands-alone': [
    { from: 'workflows/contract/refused-1.ts', to: 'workflows/steps/review.ts', types: true },
    { from: 'workflows/contract/refused-2.ts', to: 'activities/transfer.ts', types: true },
    { from: 'workflows/contract/refused-3.ts', to: 'zod' },
    { from: 'workflows/contract/refused-4.ts', to: '@temporalio/common' },
    { from: 'workflows/contract/refused-5.ts', to: 'node:crypto' },
  ],
  'workflows-stay-in-the-sandbox': [
    { from: 'workflows/refused-1.ts', to: 'activities/transfer.ts', types: true },
    { from: 'workflows/refused-2.ts', to: 'zod' },
    { from: 'workflows/refused-3.ts', to: 'node:fs' },
    { from: 'workflows/steps/refused-4.ts', to: 'mongodb', types: true },
    { from: 'workflows/steps/refused-5.ts', to: 'undici' },
    { from: 'workflows/steps/refused-6.ts', to: '@temporalio/activity' },
  ],
  'activities-know-only-the-contract': [
    { from: 'activities/refused-1.ts', to: 'workflows/steps/review.ts', types: true },
    { from: 'activities/refused-2.ts', to: 'worker/config.ts', types: true },
    { from: 'activities/refused-3.ts', to: 'api/errors.ts' },
  ],
  'activities-use-two-temporal-packages': [
    { from: 'activities/refused-4.ts', to: '@temporalio/client' },
    { from: 'activities/refused-5.ts', to: '@temporalio/workflow', types: true },
  ],
  'records-import-only-rules': [
    { from: 'activities/records/refused-1.ts', to: 'activities/store/store.ts', types: true },
    { from: 'activities/records/refused-2.ts', to: 'activities/providers/provider.ts', types: true },
  ],
  'records-take-only-types-of-the-contract': [
    { from: 'activities/records/refused-3.ts', to: 'workflows/contract/status.ts' },
  ],
  'records-stay-pure': [
    { from: 'activities/records/refused-4.ts', to: '@temporalio/common' },
    { from: 'activities/records/refused-5.ts', to: 'mongodb', types: true },
    { from: 'activities/records/refused-6.ts', to: 'undici' },
    { from: 'activities/records/refused-7.ts', to: 'node:fs' },
  ],
  'provider-imports-only-its-port': [
    { from: 'activities/providers/refused/store.ts', to: 'activities/store/store.ts', types: true },
    { from: 'activities/providers/refused/connections.ts', to: 'activities/connections/seal.ts' },
    { from: 'activities/providers/refused/neighbour.ts', to: 'activities/providers/other/describe.ts' },
    { from: 'activities/providers/refused/registry.ts', to: 'activities/providers/registry.ts' },
  ],
  'provider-takes-only-types-of-rules': [
    { from: 'activities/providers/refused/rules.ts', to: 'activities/records/merge.ts' },
    { from: 'activities/providers/refused/codes.ts', to: 'workflows/contract/status.ts' },
  ],
  'formats-serve-every-provider': [
    { from: 'activities/providers/formats/refused-1.ts', to: 'activities/providers/other/describe.ts' },
    { from: 'activities/providers/formats/refused-2.ts', to: 'activities/transfer.ts', types: true },
  ],
  'port-and-http-know-no-provider': [
    { from: 'activities/providers/http-refused.ts', to: 'activities/providers/other/describe.ts' },
    { from: 'activities/providers/provider-refused.ts', to: 'activities/transfer.ts', types: true },
  ],
  'providers-never-reach-the-store': [
    { from: 'activities/providers/list.ts', to: 'activities/store/store.ts', types: true },
    {
      from: 'activities/providers/refused/store-again.ts',
      to: 'activities/connections/seal.ts',
      types: true,
    },
  ],
  'describe-does-no-io': [
    { from: 'activities/providers/loud-1/describe.ts', to: 'activities/providers/http.ts' },
    { from: 'activities/providers/loud-2/describe.ts', to: 'node:fs' },
    { from: 'activities/providers/descriptions.ts', to: 'activities/providers/http.ts' },
  ],
  'mongo-implements-only-the-port': [
    { from: 'activities/store/mongo/refused-1.ts', to: 'activities/transfer.ts', types: true },
    { from: 'activities/store/mongo/refused-2.ts', to: 'workflows/contract/messages.ts', types: true },
  ],
  'mongo-takes-only-types-of-rules': [
    { from: 'activities/store/mongo/refused-5.ts', to: 'activities/records/merge.ts' },
    { from: 'activities/store/mongo/refused-6.ts', to: 'activities/providers/provider.ts' },
  ],
  'mongo-talks-to-nobody-else': [
    { from: 'activities/store/mongo/refused-3.ts', to: '@temporalio/activity' },
    { from: 'activities/store/mongo/refused-4.ts', to: 'node:http' },
  ],
  'mongodb-only-in-the-store': [
    { from: 'activities/store/refused.ts', to: 'mongodb', types: true },
    { from: 'worker/refused-1.ts', to: 'mongodb' },
    { from: 'api/refused-1.ts', to: 'mongodb', types: true },
  ],
  'api-imports-no-activity': [
    { from: 'api/refused-2.ts', to: 'workflows/steps/review.ts', types: true },
    { from: 'api/refused-3.ts', to: 'activities/transfer.ts' },
    { from: 'api/routes/refused-4.ts', to: 'activities/providers/other/client.ts' },
    { from: 'api/routes/refused-5.ts', to: 'activities/store/mongo/runs.ts', types: true },
    { from: 'api/routes/refused-6.ts', to: 'worker/config.ts', types: true },
  ],
  'api-root-wires-only-the-store': [
    { from: 'api/main.ts', to: 'activities/transfer.ts' },
    { from: 'api/main.ts', to: 'workflows/steps/review.ts' },
  ],
  'api-is-a-client-of-temporal': [{ from: 'api/refused-7.ts', to: '@temporalio/worker' }],
  'worker-knows-no-api': [
    { from: 'worker/refused-2.ts', to: 'api/errors.ts' },
    { from: 'worker/refused-3.ts', to: 'workflows/steps/review.ts' },
  ],
  'console-is-a-client': [
    { from: 'console/refused-1.ts', to: 'api/errors.ts', types: true },
    { from: 'console/refused-2.ts', to: 'workflows/contract/status.ts' },
  ],
  'nothing-shipped-imports-tests': [
    { from: 'worker/refused-4.ts', to: 'local/engines.ts' },
    { from: 'activities/refused-6.ts', to: 'test/support/people.ts' },
  ],
  'nothing-shipped-imports-dev-packages': [{ from: 'worker/refused-5.ts', to: 'mockttp' }],
  'packages-are-declared': [{ from: 'api/refused-8.ts', to: 'not-declared' }],
  'imports-resolve': [{ from: 'api/refused-9.ts', to: 'api/never-written.ts' }],
  'no-cycles': [{ from: 'activities/circle-1.ts', to: 'activities/circle-2.ts', types: true }],
  'no-utils': [{ from: 'api/refused-10.ts', to: 'api/utils.ts' }],
  'no-orphan-utils': [{ from: 'worker/util.ts', to: 'worker/util.ts' }],
};

/** Imports the house is built of: no rule may refuse one. */
export const ALLOWED: Import[] = [
  { from: 'workflows/contract/allowed.ts', to: '@temporalio/workflow' },
  { from: 'workflows/contract/allowed.ts', to: 'workflows/contract/status.ts' },
  { from: 'workflows/allowed.ts', to: 'workflows/steps/review.ts' },
  { from: 'workflows/steps/allowed.ts', to: 'workflows/contract/status.ts' },
  { from: 'workflows/steps/allowed.ts', to: '@temporalio/workflow' },
  { from: 'activities/allowed.ts', to: 'workflows/contract/status.ts' },
  { from: 'activities/allowed.ts', to: '@temporalio/activity' },
  { from: 'activities/allowed.ts', to: '@temporalio/common' },
  { from: 'activities/allowed.ts', to: 'activities/store/store.ts', types: true },
  { from: 'activities/records/allowed.ts', to: 'workflows/contract/status.ts', types: true },
  { from: 'activities/records/allowed.ts', to: 'zod' },
  { from: 'activities/records/allowed.ts', to: 'node:crypto' },
  { from: 'activities/providers/allowed/describe.ts', to: 'activities/providers/provider.ts', types: true },
  { from: 'activities/providers/allowed/describe.ts', to: 'zod' },
  { from: 'activities/providers/allowed/client.ts', to: 'activities/providers/http.ts' },
  { from: 'activities/providers/allowed/client.ts', to: 'activities/providers/allowed/describe.ts' },
  { from: 'activities/providers/allowed/client.ts', to: 'activities/providers/formats/csv.ts' },
  { from: 'activities/providers/allowed/client.ts', to: 'activities/records/merge.ts', types: true },
  { from: 'activities/providers/allowed/client.ts', to: 'p-limit' },
  { from: 'activities/providers/registry.ts', to: 'activities/providers/allowed/client.ts' },
  { from: 'api/main.ts', to: 'activities/providers/descriptions.ts' },
  { from: 'activities/store/mongo/allowed.ts', to: 'mongodb' },
  { from: 'activities/store/mongo/allowed.ts', to: 'activities/store/store.ts', types: true },
  { from: 'activities/store/mongo/allowed.ts', to: 'activities/records/merge.ts', types: true },
  { from: 'activities/store/mongo/allowed.ts', to: 'workflows/contract/status.ts' },
  { from: 'activities/store/mongo/allowed.ts', to: 'activities/providers/provider.ts', types: true },
  { from: 'api/routes/allowed.ts', to: 'activities/records/merge.ts' },
  { from: 'api/routes/allowed.ts', to: 'activities/store/store.ts', types: true },
  { from: 'api/routes/allowed.ts', to: 'activities/connections/seal.ts' },
  { from: 'api/routes/allowed.ts', to: 'activities/providers/other/describe.ts' },
  { from: 'api/routes/allowed.ts', to: '@temporalio/client' },
  { from: 'api/main.ts', to: 'activities/store/mongo/runs.ts' },
  { from: 'api/main.ts', to: 'mongodb' },
  { from: 'api/main.ts', to: 'activities/providers/formats/csv.ts' },
  { from: 'worker/main.ts', to: 'mongodb' },
  { from: 'worker/main.ts', to: 'activities/transfer.ts' },
  { from: 'worker/main.ts', to: '@temporalio/worker' },
  { from: 'console/allowed.ts', to: 'api/generated/openapi.ts', types: true },
  { from: 'local/allowed.ts', to: 'mongodb' },
  { from: 'local/allowed.ts', to: 'activities/store/mongo/runs.ts' },
  { from: 'test/allowed.ts', to: 'mockttp' },
];

/** The other half of the circle, which the cruiser reports once. */
export const BACKDROP: Import[] = [
  { from: 'activities/circle-2.ts', to: 'activities/circle-1.ts', types: true },
];
