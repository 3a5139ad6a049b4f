import type { SourceRecord } from '../../activities/records/types.js';
import { companies, people, type ScriptedProvider } from './scripted-provider.js';

const link = (records: SourceRecord[], account: string): SourceRecord[] =>
  records.map((record) => ({ ...record, data: { ...(record.data as object), account } }));

/** Repeats within and across pages, duplicates of each other, relations ahead and to nowhere, a broken one, unmapped values. */
export function trickySource({ script }: ScriptedProvider): void {
  const again = people(1, 2, { title: 'Changed' }).map((each) => ({
    ...each,
    modifiedAt: '2026-11-02T00:00:00.000Z',
  }));
  const first = people(1, 2).map((each) => ({ ...each, modifiedAt: '2026-11-01T00:00:00.000Z' }));
  script.answers = {
    accounts: [companies(2), companies(2, 3)],
    contacts: [
      [...link(people(1), 'C1'), ...first, ...people(1)],
      [...again, ...link(people(2, 5), 'C9'), { externalId: 'X', data: { email: 'p1@people.example' } }],
      [
        ...link(people(2, 7), 'C4'),
        {
          externalId: 'Y',
          data: { name: 'Other', email: 'p5@people.example', status: 'odd', owner: 'nobody' },
        },
        ...people(1, 6, { title: 'Late' }),
      ],
    ],
  };
}
