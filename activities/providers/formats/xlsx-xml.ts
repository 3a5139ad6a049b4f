import { StringDecoder } from 'node:string_decoder';
import sax from 'sax';
import { damaged } from './xlsx-zip.js';

export interface XmlHandlers {
  /** Names come without their prefix; attributes keep theirs. */
  open(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

/**
 * Feeds a part of a workbook to the handlers, piece by piece; yields after each piece, so that the caller can hand on what
 * came of it. Entities that a document type declares are not expanded. @throws UnreadableFile for what is no XML
 */
export async function* parseXml(
  bytes: AsyncIterable<Buffer>,
  handlers: XmlHandlers,
): AsyncGenerator<undefined> {
  const parser = sax.parser(true, { position: false });
  let broken = false;
  const isBroken = (): boolean => broken;
  parser.onerror = () => {
    broken = true;
  };
  parser.onopentag = ({ name, attributes }) =>
    handlers.open(local(name), attributes as Record<string, string>);
  parser.onclosetag = (name) => handlers.close?.(local(name));
  parser.ontext = (text) => handlers.text?.(text);
  parser.oncdata = (text) => handlers.text?.(text);
  const decoder = new StringDecoder('utf8');
  for await (const piece of bytes) {
    parser.write(decoder.write(piece));
    if (isBroken()) break;
    yield undefined;
  }
  if (!isBroken()) parser.close();
  if (isBroken()) throw damaged('it holds broken XML');
}

/** For small parts: everything at once. */
export async function readXml(bytes: AsyncIterable<Buffer>, handlers: XmlHandlers): Promise<void> {
  const steps = parseXml(bytes, handlers);
  while (!(await steps.next()).done);
}

function local(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}
