import type { OpenApiDocument } from './openapi.js';
import { PROBLEMS } from './errors.js';
import { escapeHtml as escape } from './html.js';

/** The document as one readable page, without scripts or anything from elsewhere. */
export function docsPage(document: OpenApiDocument): string {
  const { info, paths = {}, components = {} } = document;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      path,
      method,
      operation,
    })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags ?? []))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(tag));
    return `<h2 id="tag-${escape(tag)}">${escape(tag)}</h2>${own.map(operationHtml).join('')}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(info.title)} API</title><style>${STYLE}</style></head><body>
<nav>${tags.map((tag) => `<a href="#tag-${escape(tag)}">${escape(tag)}</a>`).join(' ')} <a href="#shapes">Shapes</a> <a href="#problems">Problems</a></nav>
<main><h1>${escape(info.title)} ${escape(info.version)}</h1><p>${escape(info.description ?? '')} The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join('\n')}
<h2 id="shapes">Shapes</h2>${Object.entries(components.schemas ?? {})
    .map(shapeHtml)
    .join('')}
<h2 id="problems">Problems</h2><table><tr><th>code</th><th>status</th><th>title</th></tr>${problemRows()}</table>
</main></body></html>`;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  'x-role'?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown; description?: string }[];
  requestBody?: { content: Record<string, { schema?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: unknown }> }>;
}

function operationHtml({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}): string {
  const { summary = '', description = '', parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name, in: where, required, schema, description: about }) =>
      `<tr><td><code>${escape(name)}</code>${required ? ' *' : ''}</td><td>${where}</td><td>${typeHtml(schema)} ${escape(about ?? describe(schema))}</td></tr>`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description: about, content = {} }]) =>
      `<tr><td>${status}</td><td>${escape(about)}</td><td>${contentHtml(content)}</td></tr>`,
  );
  return `<section><h3><b class="${method}">${method.toUpperCase()}</b> <code>${escape(path)}</code></h3>
<p>${escape(summary)}. <small>${escape(operation['x-role'] ?? 'no key needed')}</small></p>${description ? `<p>${escape(description)}</p>` : ''}
${rows.length > 0 ? `<table>${rows.join('')}</table>` : ''}
${requestBody ? `<details><summary>Body</summary>${contentHtml(requestBody.content)}</details>` : ''}
<details><summary>Answers</summary><table>${answers.join('')}</table></details></section>`;
}

function contentHtml(content: Record<string, { schema?: unknown }>): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `<code>${escape(type)}</code> ${typeHtml(schema)}`)
    .join('<br>');
}

/** A named shape is a link; anything else is shown as it is. */
function typeHtml(schema: unknown): string {
  const name = nameOf(schema);
  if (name) return `<a href="#shape-${escape(name)}">${escape(name)}</a>`;
  if (isSimple(schema)) return `<code>${escape(schema.type)}</code>`;
  return `<pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
}

function nameOf(schema: unknown): string | null {
  if (typeof schema !== 'object' || schema === null || !('$ref' in schema)) return null;
  return String(schema.$ref).split('/').at(-1) ?? null;
}

function isSimple(schema: unknown): schema is { type: string } {
  if (typeof schema !== 'object' || schema === null || !('type' in schema)) return false;
  return (
    typeof schema.type === 'string' && !('properties' in schema || 'items' in schema || 'enum' in schema)
  );
}

function describe(schema: unknown): string {
  const has = typeof schema === 'object' && schema !== null && 'description' in schema;
  return has ? String(schema.description) : '';
}

function shapeHtml([name, schema]: [string, unknown]): string {
  return `<details id="shape-${escape(name)}"><summary>${escape(name)}</summary><pre>${escape(JSON.stringify(schema, null, 2))}</pre></details>`;
}

function problemRows(): string {
  return Object.entries(PROBLEMS)
    .map(
      ([code, [status, title]]) =>
        `<tr id="problem-${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td></tr>`,
    )
    .join('');
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1c1e21}main{max-width:60rem;margin:0 auto;padding:1rem 2rem}
nav{position:sticky;top:0;background:#f4f5f7;padding:.6rem 2rem;border-bottom:1px solid #d9dce1}nav a{margin-right:1rem}
section{border-top:1px solid #e3e5e8;padding:.4rem 0}h3{font-size:1rem;margin:.6rem 0 .2rem}h3 b{display:inline-block;min-width:4rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #eceef0;padding:.25rem .5rem;text-align:left;vertical-align:top}
pre{background:#f7f8f9;padding:.6rem;overflow:auto;margin:.2rem 0}code{font-size:.92em}small{color:#5a6068}
.get{color:#0a6}.post{color:#06c}.put,.patch{color:#a60}.delete{color:#c22}tr:target,details:target{background:#fff7d6}`;
