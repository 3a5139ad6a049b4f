import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Express } from 'express';
import request, { type Response } from 'supertest';

/** Fails where an answer is not what the OpenAPI document says of that route and status. */
export async function createConformity(
  app: Express,
): Promise<(method: string, path: string, answer: Response) => void> {
  const { body: document } = await request(app).get('/openapi.json');
  const ajv = new Ajv2020.default({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const routes = Object.keys(document.paths).map((template) => ({
    template,
    matches: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`),
  }));

  return (method, path, answer) => {
    const plain = path.split('?')[0] ?? '';
    const template = routes.find(({ matches }) => matches.test(plain))?.template;
    const operation = template === undefined ? undefined : document.paths[template][method];
    if (!operation) return;
    const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    const answered = operation.responses[answer.status];
    if (!answered) throw new Error(`${method} ${path} answered ${answer.status}, which is not documented`);
    if (!/^application\/(problem\+)?json$/.test(type)) return;
    const pointer = [
      'paths',
      template ?? '',
      method,
      'responses',
      String(answer.status),
      'content',
      type,
      'schema',
    ];
    const validate = ajv.getSchema(`api#/${pointer.map(escaped).join('/')}`);
    if (!validate) throw new Error(`${method} ${path}: ${answer.status} ${type} has no documented schema`);
    if (!validate(answer.body)) {
      throw new Error(
        `${method} ${path} ${answer.status} is not as documented: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(answer.body).slice(0, 2000)}`,
      );
    }
  };
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
