/**
 * The import rules of the house (ARCHITECTURE.md, "The house"). `npm run imports` checks the sources against them;
 * test/architecture/imports.test.ts does the same and shows, for every rule here, an import that it refuses.
 *
 * Most rules are lists of what is allowed, so that a new folder is refused until somebody decides.
 */

/** Everything that is ours. */
const OURS = '^(workflows|activities|worker|api|console|local|test)/';
const NPM = 'node_modules/';

/** Composition roots: they make clients and connections, and may import what they wire. */
const ROOTS = '^(worker/main|api/main)\\.ts$|^(local|test)/';

const CONTRACT = '^workflows/contract/';
const RECORDS = '^activities/records/';
/** The port and the shared HTTP client; `provider.ts` and `http.ts` may be split into `http-retries.ts` and the like. */
const PORT = '^activities/providers/provider[a-z-]*\\.ts$';
const JSON_TEXT = '^activities/providers/formats/json-text\\.ts$';
const HTTP = '^activities/providers/http[a-z-]*\\.ts$';
/** What providers say of themselves, each and as a list. */
const DESCRIPTIONS = '^activities/providers/((?!formats/)[^/]+/describe|descriptions)\\.ts$';
const FORMATS = '^activities/providers/formats/';
/** One provider's own files: the folder, not `formats/`, which all share. `$1` is the provider. */
const ONE_PROVIDER = '^activities/providers/(?!formats/)([^/]+)/';
const STORE_PORT = '^activities/store/[^/]+\\.ts$';
const MONGO = '^activities/store/mongo/';
const TEMPORAL = 'node_modules/@temporalio/';

/** Small libraries that only compute. One line to extend, and worth a thought each time. */
const PURE_LIBRARIES = [
  'canonicalize',
  'decimal.js',
  'iso-3166',
  'libphonenumber-js',
  'lossless-json',
  'luxon',
  'tldts',
  'uuid',
  'zod',
];
const PURE = `node_modules/(@types/)?(${PURE_LIBRARIES.map((name) => name.replace('.', '\\.')).join('|')})/`;
/** Node built-ins that only compute. */
const PURE_BUILTINS = '^(node:)?(buffer|crypto|util|assert)$';
const OUTSIDE_WORLD =
  '^(node:)?(child_process|cluster|dgram|dns|fs|http|http2|https|net|tls|worker_threads)(/|$)' +
  '|node_modules/(undici|mongodb|express|pino|pino-http|@temporalio)/';

module.exports = {
  forbidden: [
    {
      name: 'contract-stands-alone',
      comment:
        'The contract is what every side reads: its own files, and @temporalio/workflow to define messages.',
      severity: 'error',
      from: { path: CONTRACT },
      to: { pathNot: [CONTRACT, 'node_modules/@temporalio/workflow/'], couldNotResolve: false },
    },
    {
      name: 'workflows-stay-in-the-sandbox',
      comment:
        'Workflow code is replayed: contract, siblings and @temporalio/workflow only. No activities (not even as types: ' +
        'contract/activities.ts owns their interface), no zod, no Node built-ins, no database or HTTP package.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: CONTRACT },
      to: { pathNot: ['^workflows/', 'node_modules/@temporalio/workflow/'], couldNotResolve: false },
    },
    {
      name: 'activities-know-only-the-contract',
      comment:
        'Activities import the contract and their own files; never workflow code, worker, API or local stack.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: OURS, pathNot: ['^activities/', CONTRACT] },
    },
    {
      name: 'activities-use-two-temporal-packages',
      comment:
        'A Temporal client is passed in as a function; only @temporalio/activity and /common are imported.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: TEMPORAL, pathNot: 'node_modules/@temporalio/(activity|common)/' },
    },
    {
      name: 'records-import-only-rules',
      comment: 'The rules of records are pure: their own files, and the types of the contract.',
      severity: 'error',
      from: { path: RECORDS },
      to: { path: OURS, pathNot: [RECORDS, CONTRACT] },
    },
    {
      name: 'records-take-only-types-of-the-contract',
      comment: 'A value import would bring Temporal along with the messages that the contract defines.',
      severity: 'error',
      from: { path: RECORDS },
      to: { path: CONTRACT, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'records-stay-pure',
      comment: 'No Temporal, database, HTTP or other I/O in the rules: small pure libraries, listed above.',
      severity: 'error',
      from: { path: RECORDS },
      to: { pathNot: [OURS, PURE, PURE_BUILTINS], couldNotResolve: false },
    },
    {
      name: 'provider-imports-only-its-port',
      comment:
        'A provider sees the port, http.ts, formats/ and its own folder. What it may read of the store comes through ' +
        'OpenConnection; it knows no connections and no other provider.',
      severity: 'error',
      from: { path: ONE_PROVIDER },
      to: { path: OURS, pathNot: [PORT, HTTP, FORMATS, '^activities/providers/$1/', RECORDS, CONTRACT] },
    },
    {
      name: 'provider-takes-only-types-of-rules',
      comment: 'What a provider knows of records and of the contract are their types.',
      severity: 'error',
      from: { path: ONE_PROVIDER },
      to: { path: [RECORDS, CONTRACT], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'formats-serve-every-provider',
      comment:
        'Shared formats read bytes. They know the port and the rules, no provider, store or connection.',
      severity: 'error',
      from: { path: FORMATS },
      to: { path: OURS, pathNot: [FORMATS, PORT, RECORDS, CONTRACT] },
    },
    {
      name: 'port-and-http-know-no-provider',
      comment:
        'The port and the HTTP client are imported by every provider, so they import none, nor the store.',
      severity: 'error',
      from: { path: [PORT, HTTP] },
      to: { path: OURS, pathNot: [PORT, HTTP, JSON_TEXT, RECORDS, CONTRACT] },
    },
    {
      name: 'providers-never-reach-the-store',
      comment: 'Also not the files beside the provider folders: the registry only lists.',
      severity: 'error',
      from: { path: '^activities/providers/' },
      to: { path: '^activities/(store|connections)/' },
    },
    {
      name: 'describe-does-no-io',
      comment: "The API imports a provider's describe.ts: nothing it imports, at any depth, may do I/O.",
      severity: 'error',
      from: { path: DESCRIPTIONS },
      to: { path: [HTTP, OUTSIDE_WORLD], reachable: true },
    },
    {
      name: 'mongo-implements-only-the-port',
      comment:
        'The storage code imports mongodb, the store interfaces, and the words in which those are written: statuses and ' +
        'objects of the contract (not its messages, which bring Temporal), and types of records and of the port.',
      severity: 'error',
      from: { path: MONGO },
      to: {
        path: OURS,
        pathNot: [MONGO, STORE_PORT, RECORDS, PORT, '^workflows/contract/(?!messages\\.ts$)'],
      },
    },
    {
      name: 'mongo-takes-only-types-of-rules',
      comment: 'What is decided is decided before it is stored: no rule runs in storage code.',
      severity: 'error',
      from: { path: MONGO },
      to: { path: [RECORDS, PORT], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'mongo-talks-to-nobody-else',
      comment: 'No Temporal, no HTTP in storage code.',
      severity: 'error',
      from: { path: MONGO },
      to: {
        path: ['node_modules/(@temporalio|express|undici)/', '^(node:)?(http|http2|https|net|tls)$'],
      },
    },
    {
      name: 'mongodb-only-in-the-store',
      comment: 'The driver is imported in activities/store/mongo/ and where clients are made.',
      severity: 'error',
      from: { pathNot: [MONGO, ROOTS] },
      to: { path: 'node_modules/(mongodb|bson)/' },
    },
    {
      name: 'api-imports-no-activity',
      comment:
        'The API reads the contract, the store, connections, what providers say of themselves, and the rules of records ' +
        '(an edit is validated by the same field definitions as an import).',
      severity: 'error',
      from: { path: '^api/', pathNot: ROOTS },
      to: {
        path: OURS,
        pathNot: ['^api/', CONTRACT, STORE_PORT, '^activities/connections/', DESCRIPTIONS, PORT, RECORDS],
      },
    },
    {
      name: 'api-root-wires-only-the-store',
      comment:
        'The composition root of the API adds the store it makes and the formats that look at uploads; it holds no workflow, ' +
        'activity or worker code.',
      severity: 'error',
      from: { path: '^api/main\\.ts$' },
      to: {
        path: OURS,
        pathNot: ['^api/', CONTRACT, '^activities/(store|connections|records)/', FORMATS, DESCRIPTIONS, PORT],
      },
    },
    {
      name: 'api-is-a-client-of-temporal',
      comment: 'The API starts and asks workflows; it runs none.',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: TEMPORAL, pathNot: 'node_modules/@temporalio/(client|common|envconfig)/' },
    },
    {
      name: 'worker-knows-no-api',
      comment: 'Two processes that share a contract and a store, not code of each other.',
      severity: 'error',
      from: { path: '^worker/' },
      to: { path: OURS, pathNot: ['^worker/', CONTRACT, '^activities/'] },
    },
    {
      name: 'console-is-a-client',
      comment: "The console knows the API's generated types, and nothing else of ours.",
      severity: 'error',
      from: { path: '^console/' },
      to: { path: OURS, pathNot: ['^console/', '^api/generated/'] },
    },
    {
      name: 'nothing-shipped-imports-tests',
      comment: 'Tests and the local stack import the system, never the other way round.',
      severity: 'error',
      from: { path: '^(workflows|activities|worker|api|console)/' },
      to: { path: '^(local|test)/' },
    },
    {
      name: 'nothing-shipped-imports-dev-packages',
      comment:
        'What runs in production is a dependency, not a devDependency. Types are erased, so they may be.',
      severity: 'error',
      from: { path: '^(workflows|activities|worker|api)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'packages-are-declared',
      comment:
        'Only packages that package.json names; a package that came along with another can leave with it.',
      severity: 'error',
      from: { pathNot: NPM },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'imports-resolve',
      comment: 'Every import leads to a file.',
      severity: 'error',
      from: { pathNot: NPM },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-utils',
      comment: 'Name a file after what it does.',
      severity: 'error',
      from: { pathNot: NPM },
      to: { path: '(^|/)utils?(\\.[cm]?[jt]s$|/)', pathNot: NPM },
    },
    {
      name: 'no-orphan-utils',
      comment: 'The same, for a file that nobody imports.',
      severity: 'error',
      from: { orphan: true, path: '(^|/)utils?(\\.[cm]?[jt]s$|/)' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.engines|\\.sluice)/|/fixtures/' },
    // Imports that only bring types count: a type from the wrong side is a dependency on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
