import sax from 'sax';
import type { QualifiedTag, Tag } from 'sax';
import { AnswerCutOff } from '../http-failures.js';
import { ProviderFailure } from '../provider.js';

export const DAV = 'DAV:';
export const CARDDAV = 'urn:ietf:params:xml:ns:carddav';
/** Of the extension `getctag`. */
export const CALENDARSERVER = 'http://calendarserver.org/ns/';

/** Deeper nesting or more elements in one response is no DAV server but an attack. */
const MAX_DEPTH = 32;
const MAX_NODES = 10_000;
/** A text longer than this is cut; whoever reads it sees `cut`. A card may have 1 MiB, so this leaves it whole. */
export const MAX_TEXT = 1_200_000;

/** XML that nobody can read. Its own class, because one card that a server does not escape spoils the answer for many. */
export class NotWellFormed extends ProviderFailure {
  constructor(host: string) {
    super('provider_contract_broken', wrongKind(host, 'XML that is not well-formed'));
  }
}

/** One element, named by namespace and local name: prefixes are the server's own choice. */
export interface DavNode {
  ns: string;
  local: string;
  text: string;
  cut?: true;
  children: DavNode[];
}

/** One `response` of a multistatus (RFC 4918 §14.24). */
export interface DavItem {
  href: string;
  /** Of the whole item; `undefined` where each property has its own. */
  status: number | undefined;
  /** Properties that were answered with success. */
  props: DavNode[];
  /** Status of each property that was not, by local name. */
  missing: Map<string, number>;
}

/**
 * Reads a multistatus while it comes: each `response` is handed on and forgotten, so that a listing of any length needs
 * the memory of one item. Document types are refused and entities are never expanded.
 */
export class MultistatusReader {
  #parser = sax.parser(true, { xmlns: true, position: false });
  #open: DavNode[] = [];
  #depth = 0;
  #nodes = 0;
  #rootSeen = false;
  #host: string;
  #take: (item: DavItem) => void;
  /** Children of the multistatus that are no `response`, such as `sync-token`. */
  readonly extras: DavNode[] = [];

  constructor(host: string, take: (item: DavItem) => void) {
    this.#host = host;
    this.#take = take;
    this.#parser.onerror = () => {
      throw new NotWellFormed(host);
    };
    this.#parser.ondoctype = () => this.#refuse('XML with a document type');
    this.#parser.onopentag = (tag) => this.#begin(tag);
    this.#parser.ontext = (text) => this.#text(text);
    this.#parser.oncdata = (text) => this.#text(text);
    this.#parser.onclosetag = () => this.#end();
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  /** Throws when the answer stopped half way: what began as it should is `AnswerCutOff`. */
  close(): void {
    if (!this.#rootSeen) this.#refuse('an answer that is empty or cut off');
    if (this.#depth > 0) throw new AnswerCutOff(this.#host);
    this.#parser.close();
  }

  #refuse(what: string): never {
    throw new ProviderFailure('provider_contract_broken', wrongKind(this.#host, what));
  }

  #begin(tag: Tag | QualifiedTag): void {
    const ns = 'uri' in tag ? tag.uri : '';
    const local = 'local' in tag ? tag.local : tag.name;
    this.#depth += 1;
    if (!this.#rootSeen) {
      this.#rootSeen = true;
      if (ns !== DAV || local !== 'multistatus') this.#refuse('XML of another kind');
      return;
    }
    this.#nodes += 1;
    if (this.#depth > MAX_DEPTH || this.#nodes > MAX_NODES)
      this.#refuse('XML that is nested too deeply or too large');
    const node: DavNode = { ns, local, text: '', children: [] };
    this.#open.at(-1)?.children.push(node);
    this.#open.push(node);
  }

  #text(text: string): void {
    const node = this.#open.at(-1);
    if (node === undefined || node.cut === true) return;
    if (node.text.length + text.length > MAX_TEXT) {
      node.text = '';
      node.cut = true;
    } else node.text += text;
  }

  #end(): void {
    this.#depth -= 1;
    const node = this.#open.pop();
    if (node === undefined || this.#open.length > 0) return;
    this.#nodes = 0;
    if (is(node, DAV, 'response')) for (const item of toItems(node)) this.#take(item);
    else this.extras.push(node);
  }
}

function wrongKind(host: string, what: string): string {
  return `${host} sent ${what} where a CardDAV answer was expected. Check that the address is that of a CardDAV server.`;
}

export function is(node: DavNode, ns: string, local: string): boolean {
  return node.ns === ns && node.local === local;
}

export function child(node: DavNode | undefined, ns: string, local: string): DavNode | undefined {
  return node?.children.find((each) => is(each, ns, local));
}

/** The hrefs inside a property such as `current-user-principal`. */
export function hrefsOf(node: DavNode | undefined): string[] {
  return (node?.children ?? []).filter((each) => is(each, DAV, 'href')).map((each) => each.text.trim());
}

/** A response with one status may name several hrefs (RFC 4918 §9.2.2 and §14.24). */
function toItems(response: DavNode): DavItem[] {
  const props: DavNode[] = [];
  const missing = new Map<string, number>();
  for (const propstat of response.children.filter((each) => is(each, DAV, 'propstat'))) {
    const found = child(propstat, DAV, 'prop')?.children ?? [];
    const status = statusOf(child(propstat, DAV, 'status')) ?? 200;
    if (status >= 200 && status < 300) props.push(...found);
    else for (const each of found) missing.set(each.local, status);
  }
  const status = statusOf(child(response, DAV, 'status'));
  return hrefsOf(response).map((href) => ({ href, status, props, missing }));
}

function statusOf(node: DavNode | undefined): number | undefined {
  const digits = /^\s*HTTP\/\S+\s+(\d{3})/i.exec(node?.text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The names of the elements in an error document (RFC 4918 §16), or none if it is no XML. */
export function errorConditions(text: string): string[] {
  const parser = sax.parser(true, { xmlns: true, position: false });
  const found: string[] = [];
  parser.onerror = () => parser.resume();
  parser.onopentag = (tag) => found.push('local' in tag ? tag.local : tag.name);
  try {
    parser.write(text.slice(0, MAX_TEXT)).close();
  } catch {
    return found;
  }
  return found;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const HEAD = '<?xml version="1.0" encoding="utf-8"?>';
const NAMESPACES = `xmlns:d="${DAV}" xmlns:c="${CARDDAV}" xmlns:s="${CALENDARSERVER}"`;

/** `d:` names are DAV's, `c:` names CardDAV's, `s:` names Calendar Server's. */
export function propfindBody(props: readonly string[]): string {
  return `${HEAD}<d:propfind ${NAMESPACES}>${propList(props)}</d:propfind>`;
}

/** RFC 6352 §8.7. */
export function multigetBody(hrefs: readonly string[]): string {
  const wanted = hrefs.map((href) => `<d:href>${escapeXml(href)}</d:href>`).join('');
  return `${HEAD}<c:addressbook-multiget ${NAMESPACES}>${propList(['d:getetag', 'c:address-data'])}${wanted}</c:addressbook-multiget>`;
}

/** RFC 6352 §8.6: cards with one of these UIDs. */
export function uidQueryBody(uids: readonly string[]): string {
  const filters = uids
    .map(
      (uid) =>
        `<c:prop-filter name="UID"><c:text-match match-type="equals">${escapeXml(uid)}</c:text-match></c:prop-filter>`,
    )
    .join('');
  return (
    `${HEAD}<c:addressbook-query ${NAMESPACES}>${propList(['d:getetag', 'c:address-data'])}` +
    `<c:filter test="anyof">${filters}</c:filter></c:addressbook-query>`
  );
}

/** RFC 6578 §3.2. An empty token asks for everything. The token is any text, not always a URI. */
export function syncBody(token: string): string {
  return (
    `${HEAD}<d:sync-collection ${NAMESPACES}><d:sync-token>${escapeXml(token)}</d:sync-token>` +
    `<d:sync-level>1</d:sync-level>${propList(['d:getetag', 'd:getcontenttype', 'd:resourcetype'])}</d:sync-collection>`
  );
}

function propList(props: readonly string[]): string {
  return `<d:prop>${props.map((name) => `<${name}/>`).join('')}</d:prop>`;
}
