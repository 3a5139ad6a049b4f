import { enter, IN_TIME, type Desk } from './support/desk.js';

/** What a person uploads, and what comes of it. Every app and every e-mail address is of one test only. */
describe('a file', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await enter();
  }, IN_TIME);
  afterAll(() => desk.leave(), IN_TIME);

  const contacts = (name: string, bytes: Uint8Array | string, more = '') => ({
    object: 'contacts',
    name,
    bytes,
    more,
  });

  it(
    'is read as it was written: delimiters, encodings, quoted newlines, leading zeros, duplicate headers',
    async () => {
      const { file, run, appId } = await desk.through(
        contacts(
          'windows.csv',
          Buffer.from(
            'ID;Name;Phone;Name;\n007;M\xfcller \x80;+49 30 901820;x;\n8;"Two\nLines";;y;z\n',
            'latin1',
          ),
        ),
      );
      expect(file).toMatchObject({ encoding: 'windows-1252', delimiter: ';', rows: 2 });
      expect(run).toMatchObject({ status: 'completed', reviewState: 'unreviewed', booksClosed: true });
      const [first, second] = await desk.records('contacts', appId);
      expect(first).toMatchObject({
        fields: { name: 'Müller €', phone: '+4930901820', status: 'active' },
        extra: { 'Name (2)': 'x' },
        links: [{ externalId: '007' }],
      });
      expect(second).toMatchObject({ fields: { name: 'Two\nLines' }, extra: { 'Column 5': 'z' } });

      const utf16 = await desk.through(
        contacts('wide.tsv', Buffer.from('\ufeffid\tname\r\n1\tÜbung\r\n', 'utf16le')),
      );
      expect((await desk.records('contacts', utf16.appId))[0]?.fields).toMatchObject({ name: 'Übung' });
    },
    IN_TIME,
  );

  it(
    'gives each broken row a problem with line, field, value and reason, and imports the others',
    async () => {
      const rows = [
        'id,name,email,birthday',
        '1,"A\nB",a@rows.example,1990-01-01',
        '2,C,c@rows.example,25/12/1990',
        '3,D',
        ',E,e@rows.example,',
        '5,,f@rows.example,',
        '6,G,no-address,',
      ];
      const { run } = await desk.through(contacts('rows.csv', rows.join('\n')));
      expect(run).toMatchObject({ status: 'completed', counts: { fetched: 6, created: 1, failed: 5 } });
      const problems = await desk.problems(run.runId);
      const brief = problems.map(({ position, code, field, value }) => [position, code, field, value]);
      expect(brief.sort()).toEqual([
        [4, 'value_invalid', 'birthday', '25/12/1990'],
        [5, 'row_broken', undefined, undefined],
        [6, 'required_missing', 'id', undefined],
        [7, 'required_missing', 'name', undefined],
        [8, 'value_invalid', 'email', 'no-address'],
      ]);
      for (const problem of problems) {
        expect(problem).toMatchObject({ object: 'contacts', severity: 'failed' });
        expect(problem['message']).toMatch(/Nothing was written|was not read/);
      }
    },
    IN_TIME,
  );

  it(
    'takes the list of its failed rows back once it is corrected, with what was made harmless for spreadsheets',
    async () => {
      const file = contacts('list.csv', 'id,name,email,phone,notes\n1,A,bad,+49 30 901820,=1+1\n');
      const { appId, run } = await desk.through(file);
      expect(run.counts).toMatchObject({ failed: 1 });
      const list = await desk.api.raw('GET', `/v1/runs/${run.runId}/problems?format=source`);
      expect(list.text).toMatch(/^id,name,email,phone,notes,error\r?\n1,A,bad,'\+49 30 901820,'=1\+1,/);
      const corrected = list.text.replace(',bad,', ',a@list.example,');
      await desk.upload(appId, contacts('list.csv', corrected));
      const again = await desk.importOf(appId, { review: 'none' });
      expect(again.counts).toMatchObject({ created: 1, failed: 0 });
      expect(again['warnings']).not.toContainEqual(expect.objectContaining({ code: 'column_new' }));
      const [record] = await desk.records('contacts', appId);
      expect(record?.extra).toEqual({});
      expect(record?.fields).toMatchObject({ phone: '+4930901820', notes: '=1+1' });
    },
    IN_TIME,
  );

  it(
    'is refused for what it is: a picture, nothing at all, one endless line; a header alone is a table without rows',
    async () => {
      const appId = await desk.install();
      const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
      const refused = await desk.upload(appId, contacts('picture.csv', picture));
      expect(refused).toMatchObject({ status: 415, body: { code: 'file_kind_unsupported' } });
      const empty = await desk.upload(appId, contacts('empty.csv', ''));
      expect(empty).toMatchObject({ status: 422, body: { code: 'file_empty' } });
      const endless = await desk.upload(appId, contacts('endless.csv', Buffer.alloc(8 * 1024 * 1024, 'a')));
      expect(endless.body).toMatchObject({ inspection: 'failed', error: { code: 'file_unreadable' } });

      const header = await desk.upload(appId, contacts('header.csv', 'id,name,email\n'));
      expect(header.body).toMatchObject({ inspection: 'done', rows: 0 });
      const run = await desk.importOf(appId, { review: 'none' });
      expect(run).toMatchObject({
        status: 'completed',
        objects: [{ state: 'unchanged' }],
        booksClosed: true,
      });
      expect(run['warnings']).toContainEqual(expect.objectContaining({ code: 'zero_records' }));
    },
    IN_TIME,
  );

  it(
    'keeps every digit, and is told by its id although one line is broken and one has an object where others have text',
    async () => {
      const lines = [
        '{"id":"I1","number":"N1","total":12345678901234567890.10,"currency":"EUR"}',
        '{"id":"I2","number":',
        '{"id":"I3","number":"N3","total":1,"currency":"EUR","account":{"x":2.50}}',
        '{"number":"N4","total":1,"currency":"EUR"}',
      ];
      const { appId, run } = await desk.through({
        ...{ object: 'invoices', name: 'digits.ndjson', type: 'application/x-ndjson' },
        bytes: lines.join('\n'),
      });
      expect(run.counts).toMatchObject({ fetched: 4, created: 2, failed: 2 });
      const [first] = await desk.records('invoices', appId);
      expect(first).toMatchObject({
        fields: { total: { amount: '12345678901234567890.10', currency: 'EUR' } },
        links: [{ externalId: 'I1' }],
      });
      const source = await desk.api.raw('GET', `/v1/runs/${run.runId}/source/invoices/I1`);
      expect(source.text).toContain('"total":12345678901234567890.10');
      const backup = await desk.api.raw('GET', `/v1/runs/${run.runId}/backup`);
      expect(backup.text.trim().split('\n')[0]).toContain(
        `{"object":"invoices","externalId":"I1","seq":0,"data":${lines[0]}}`,
      );
    },
    IN_TIME,
  );

  it(
    'of cards: three versions, one malformed among them',
    async () => {
      const card = (...lines: string[]): string => ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n');
      const { appId, run } = await desk.through({
        ...{ object: 'contacts', name: 'cards.vcf', type: 'text/vcard' },
        bytes: [
          card('VERSION:2.1', 'UID:a', 'FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg'),
          card('VERSION:3.0', 'UID:b', 'FN:Ann', 'EMAIL;TYPE=work:ann@cards.example'),
          'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Cut off\r\n',
          card('VERSION:4.0', 'UID:c', 'FN:Cy', 'TEL;VALUE=uri:tel:+49-30-901821'),
        ].join(''),
      });
      expect(run.counts).toMatchObject({ fetched: 4, created: 3, failed: 1 });
      expect((await desk.problems(run.runId))[0]).toMatchObject({ code: 'row_broken', position: 12 });
      const [a, b, c] = await desk.records('contacts', appId);
      expect([a?.fields['name'], b?.fields['email'], c?.fields['phone']]).toEqual([
        'Jörg',
        'ann@cards.example',
        '+4930901821',
      ]);
      const warned = run['warnings'] as { code: string }[];
      expect(warned.map(({ code }) => code)).toEqual(['first_run']);
    },
    IN_TIME,
  );

  it(
    'whose columns nobody can guess is asked about at the start, and runs once the mapping says it',
    async () => {
      const appId = await desk.install();
      await desk.upload(appId, contacts('guess.csv', 'Kennung,Wert\nk1,Anna\n'));
      const start = await desk.api.raw('POST', `/v1/apps/${appId}/runs`, {
        body: JSON.stringify({ kind: 'import' }),
        headers: { 'content-type': 'application/json' },
      });
      expect(start).toMatchObject({
        status: 409,
        body: { code: 'mapping_needed', proposedMapping: { contacts: { fields: {} } } },
      });
      const mapping = { objects: { contacts: { key: ['Kennung'], fields: { name: 'Wert' } } } };
      const app = await desk.api.patch(`/v1/apps/${appId}`, { mapping });
      expect(app['mapping']).toMatchObject({ version: 2, ...mapping });
      expect((await desk.importOf(appId, { review: 'none' })).counts).toMatchObject({ created: 1 });
    },
    IN_TIME,
  );

  it(
    'of order lines becomes invoices with lines, related and added up; a group that comes back fails; again nothing changes',
    async () => {
      const money = { path: 'Sales', as: 'money', currency: 'USD' };
      const appId = await desk.install({ scope: ['contacts', 'products', 'invoices'] });
      await desk.api.patch(`/v1/apps/${appId}`, {
        mapping: {
          objects: {
            invoices: {
              ...{ key: ['Order'], group: true },
              fields: {
                ...{ number: 'Order', contact: { path: 'Customer', relation: 'contacts' } },
                total: { ...money, sum: true },
              },
              lines: { quantity: 'Qty', amount: money, product: { path: 'SKU', relation: 'products' } },
            },
          },
        },
      });
      await desk.upload(appId, contacts('c.csv', 'id,name\nC1,Ann\n'));
      await desk.upload(appId, { object: 'products', name: 'p.csv', bytes: 'SKU,Name\nP1,Pen\nP2,Pad\n' });
      const orders = [
        'Order,Customer,SKU,Qty,Sales',
        ...['O1,C1,P1,2,0.10', 'O1,C1,P2,1,0.20', 'O2,C9,P9,1,5', 'O3,C1,P1,1,5', 'O2,C1,P1,1,5'],
      ];
      await desk.upload(appId, { object: 'invoices', name: 'orders.csv', bytes: orders.join('\n') });
      const run = await desk.importOf(appId, { review: 'none' });
      expect(run.objects.map(({ object }) => object)).toEqual(['contacts', 'products', 'invoices']);
      expect(run.objects[2]).toMatchObject({ rows: 5, counts: { created: 2 } });
      expect(run.booksClosed).toBe(true);
      const codes = (await desk.problems(run.runId)).map(({ code, externalId }) => [code, externalId]);
      expect(codes).toContainEqual(['group_split', 'O2']);
      const [order] = await desk.records('invoices', appId);
      expect(order).toMatchObject({
        fields: {
          total: { amount: '0.30', currency: 'USD' },
          lines: [
            { quantity: '2', product: { externalId: 'P1', resolved: true } },
            { quantity: '1', product: { externalId: 'P2', resolved: true } },
          ],
        },
        relations: { contact: { externalId: 'C1', resolved: true } },
      });
      const again = await desk.importOf(appId, { review: 'none' });
      expect(again.counts).toMatchObject({ created: 0, updated: 0, unchanged: 5 });
    },
    IN_TIME,
  );

  it(
    'whose ids are other people now is asked about before anything is overwritten',
    async () => {
      const people = (who: string): string =>
        ['id,name,email', ...[1, 2, 3].map((n) => `${n},${who} ${n},${who}${n}@reused.example`)].join('\n');
      const { appId } = await desk.through(contacts('first.csv', people('old')));
      await desk.upload(appId, contacts('second.csv', people('other')));
      const run = await desk.importOf(appId, { review: 'none' });
      expect(run.attention).toMatchObject({ reason: 'breaker', code: 'key_reused', object: 'contacts' });
      const { questionId } = run.attention ?? {};
      await desk.api.post(`/v1/runs/${run.runId}/answer`, { questionId, choice: 'skip_object' });
      const ended = await desk.api.untilRun(run.runId, ({ status }) => status === 'completed');
      expect(ended.objects).toMatchObject([{ state: 'skipped' }]);
      expect((await desk.records('contacts', appId))[0]?.fields['name']).toBe('old 1');
      const { items } = await desk.api.get<{ items: { action: string }[] }>('/v1/audit?limit=1');
      expect(items[0]?.action).toBe('run.answered');
    },
    IN_TIME,
  );
});
