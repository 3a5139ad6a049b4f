import { parse } from 'yaml';
import { configSchema as apiSchema } from '../../api/config.js';
import { configSchema as workerSchema } from '../../worker/config.js';
import { listedVariables, read } from './environment-reads.js';

interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
}

const composeText = await read('docker-compose.yml');
const { services } = parse(composeText, { merge: true }) as { services: Record<string, Service> };
const dockerfile = await read('Dockerfile');

const servicesWith = (wanted: (service: Service) => boolean): string[] =>
  Object.keys(services).filter((name) => wanted(services[name]!));

describe('docker-compose.yml', () => {
  it('has the store, Temporal with its database and UI, worker and API', () => {
    expect(Object.keys(services).sort()).toEqual(
      ['api', 'mongodb', 'postgresql', 'temporal', 'temporal-ui', 'worker'].sort(),
    );
  });

  it('takes only variables that .env.example lists', async () => {
    const used = [...composeText.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map((match) => match[1]!);
    const listed = await read('.env.example').then(listedVariables);

    expect(used).toContain('SLUICE_SECRET_KEY');
    expect(used.filter((name) => !listed.includes(name))).toEqual([]);
  });

  it('refuses to start without each secret, and holds none itself', () => {
    for (const [, name, rest] of composeText.matchAll(/(?<!\$)\$\{([A-Z_]*(?:KEY|PASSWORD))(.*?)\}/g)) {
      expect(`${name}${rest}`).toBe(`${name}:?set it in .env`);
    }
  });

  it.each([
    ['worker', Object.keys(workerSchema.shape)],
    ['api', Object.keys(apiSchema.shape)],
  ])('gives %s only variables that it knows', (name, known) => {
    const given = Object.keys(services[name]!.environment ?? {});

    expect(given).toContain('MONGODB_URI');
    expect(
      given.filter((variable) => !known.includes(variable) && !variable.startsWith('TEMPORAL_')),
    ).toEqual([]);
  });

  it('pins every image it pulls to a full version', () => {
    const pulled = servicesWith((service) => service.build === undefined);

    expect(pulled).toHaveLength(4);
    for (const name of pulled) expect(services[name]!.image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?$/);
  });

  it('looks at the health of whatever another service waits for, and of its own processes', () => {
    const awaited = Object.values(services).flatMap((service) =>
      Object.entries(service.depends_on ?? {})
        .filter(([, { condition }]) => condition === 'service_healthy')
        .map(([name]) => name),
    );
    const checked = servicesWith((service) => service.healthcheck !== undefined);

    expect(awaited).toContain('mongodb');
    expect(checked).toEqual(expect.arrayContaining([...new Set([...awaited, 'worker', 'api'])]));
  });

  it('publishes nothing beyond loopback', () => {
    const published = Object.values(services).flatMap((service) => service.ports ?? []);

    expect(published).not.toEqual([]);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('keeps the variables of compose apart from those of the containers', () => {
    const shells = [services['mongodb']!.healthcheck!.test.join(' ')];

    // A single dollar would be filled in by compose, and end up as an empty password.
    for (const shell of shells) expect(shell).toMatch(/\$\$MONGO_INITDB_ROOT_PASSWORD/);
  });
});

describe('the image', () => {
  it('is built in one stage and run in another, on glibc, not as root', () => {
    const stages = dockerfile.match(/^FROM \S+/gm) ?? [];

    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(stage).toMatch(/node:20\.\d+\.\d+-bookworm-slim$/);
    expect(dockerfile.lastIndexOf('\nUSER node')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM'));
  });

  it('starts the programs that compose names', () => {
    const commands = [services['worker']!, services['api']!].map((service) => service.command?.join(' '));

    expect(commands).toEqual([
      'node --max-semi-space-size=32 --max-old-space-size=384 dist/worker/main.js',
      'node dist/api/main.js',
    ]);
    expect(dockerfile).toContain('CMD ["node", "dist/api/main.js"]');
  });

  it('holds what the licences ask for', () => {
    expect(dockerfile).toContain('/app/LICENSE /app/THIRD_PARTY.md');
  });
});
