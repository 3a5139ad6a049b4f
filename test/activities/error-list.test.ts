import { filesProvider } from '../../activities/providers/files/provider.js';
import type { Mapping } from '../../activities/records/types.js';
import type { AppDoc, FileDoc } from '../../activities/store/documents.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { uploadFile } from '../support/house-files.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const FIRST = 'id,name,email\n1,Ann,a@list.example\n2,Bo,bad\n';
const LIST = 'id,name,email,error\n2,Bo,b@list.example,"Line 3: email is no address."\n';

async function imported(app: AppDoc, text: string): Promise<{ file: FileDoc; ref: RunRef }> {
  const file = await uploadFile(house, app, text);
  const ref = await house.begin(await house.theApp(app));
  await house.transfer(ref);
  await house.run('closeRun', { ref, status: 'completed', error: null });
  return { file, ref };
}

const columnsOf = (file: FileDoc): string[] => must(file.result).columns.map(({ name }) => name);

describe('the reasons in a corrected list of failed rows', () => {
  it('are no data: no column, no finding, nothing under extra', async () => {
    const app = await house.install(filesProvider);
    await imported(app, FIRST);
    const { file, ref } = await imported(app, LIST);
    expect(columnsOf(file)).toEqual(['id', 'name', 'email']);
    expect(file.result?.warnings).toContainEqual(expect.objectContaining({ code: 'error_column_left_out' }));
    const { warnings } = await house.theRun(ref);
    expect(warnings.map(({ code }) => code)).not.toContain('column_new');
    const records = await house.records(app.workspaceId);
    expect(records.map(({ fields, extra }) => [fields['name'], extra])).toEqual([
      ['Bo', {}],
      ['Ann', {}],
    ]);
  });

  it('are left out of a list of a list, too', async () => {
    const app = await house.install(filesProvider);
    await imported(app, FIRST);
    await imported(app, LIST.replace('b@list.example', 'still bad'));
    const { file } = await imported(app, LIST);
    expect(columnsOf(file)).toEqual(['id', 'name', 'email']);
  });

  const mapping: Mapping = {
    objects: { contacts: { key: ['id'], fields: { name: 'name', email: 'email', notes: 'error' } } },
    owners: {},
    statuses: {},
  };
  it.each([
    ['the file had that column before', FIRST.replace(/$/gm, ',x').replace('email,x', 'email,error'), {}],
    ['no row of an earlier file failed', FIRST.replace('bad', 'b@list.example'), {}],
    ['the earlier file was another table', 'id,name,email,phone\n2,Bo,bad,\n', {}],
    ['the mapping reads it', FIRST, { mapping }],
  ])('are a column as any other where %s', async (_where, before, changes) => {
    const app = await house.install(filesProvider, changes);
    await imported(app, before.trim());
    const file = await uploadFile(house, app, LIST);
    expect(columnsOf(file)).toEqual(['id', 'name', 'email', 'error']);
  });

  it('are a column as any other in the first file of an app', async () => {
    const app = await house.install(filesProvider);
    expect(columnsOf(await uploadFile(house, app, LIST))).toEqual(['id', 'name', 'email', 'error']);
  });
});
