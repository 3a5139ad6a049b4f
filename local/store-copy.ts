/**
 * `npm run store:copy -- --to URI [--from URI] [--force]`: copies everything to another deployment, to leave the local store for a
 * real one. The source is `--from`, else MONGODB_URI, else the store on this machine (start it first). Stop worker and API
 * meanwhile: what they write during the copy may be missed, and the counts at the end then differ. Safe to repeat after it broke off.
 */
import { parseArgs } from 'node:util';
import { connectMongo, databaseOf } from '../activities/store/mongo/connect.js';
import { copyStore, type CopiedCollection } from './copy-store.js';
import { readLocalConfig } from './config.js';
import { messageOf, SetupError } from './errors.js';
import { redacted } from './mongodb.js';

const USAGE = 'Usage: npm run store:copy -- --to mongodb://HOST/DATABASE [--from URI] [--force]';

async function main(): Promise<void> {
  const { from, to, force } = readArguments();
  const source = connectMongo(from);
  const target = connectMongo(to);
  try {
    console.log(`Copying ${redacted(from)} to ${redacted(to)} ...`);
    const copied = await copyStore({
      source: source.db(databaseOf(from)),
      target: target.db(databaseOf(to)),
      force,
      say: (line) => console.log(line),
    });
    console.log(summary(copied));
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

function readArguments(): { from: string; to: string; force: boolean } {
  const options = { to: { type: 'string' }, from: { type: 'string' }, force: { type: 'boolean' } } as const;
  const { values } = parse(() => parseArgs({ options, allowPositionals: false }));
  const from = values.from ?? localStore();
  if (values.to === undefined) throw new SetupError(USAGE);
  if (sameStore(from, values.to)) throw new SetupError('The source and the target are the same store.');
  return { from, to: values.to, force: values.force ?? false };
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SetupError(`${messageOf(error)}\n${USAGE}`);
  }
}

function localStore(): string {
  const config = readLocalConfig(process.env);
  return config.mongodbUri ?? `mongodb://127.0.0.1:${config.ports.mongodb}/sluice?directConnection=true`;
}

function sameStore(from: string, to: string): boolean {
  const hosts = (uri: string): string => /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)/.exec(uri)?.[1] ?? uri;
  return hosts(from) === hosts(to) && databaseOf(from) === databaseOf(to);
}

function summary(copied: readonly CopiedCollection[]): string {
  const documents = copied.reduce((sum, each) => sum + each.documents, 0);
  return (
    `Copied ${documents.toLocaleString('en')} documents in ${copied.length} collections; the counts agree. ` +
    'Set MONGODB_URI to the new store and start Sluice with it. The sealed credentials open with the same SLUICE_SECRET_KEY only.'
  );
}

try {
  await main();
} catch (error) {
  console.error(
    error instanceof SetupError ? error.message : `The copy broke off: ${messageOf(error)}. Repeat it.`,
  );
  process.exitCode = 1;
}
