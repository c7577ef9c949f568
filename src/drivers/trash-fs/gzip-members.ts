// A file of gzip members, each with its own length in its header, so that a reader takes them one by one and knows when
// the last one was cut off. RFC 1952: members may follow each other (2.2), and a header may have an extra field (2.3.1);
// `zcat` reads such a file as one text.

import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const PLAIN_HEADER_BYTES = 10;
const FLAGS_OFFSET = 3;
const FEXTRA = 0x04;
/** XLEN, subfield id, its length, and the length of the whole member in 32 bits. */
const EXTRA_BYTES = 2 + 2 + 2 + 4;
const SUBFIELD_ID = 'CE';
const HEADER_BYTES = PLAIN_HEADER_BYTES + EXTRA_BYTES;

export async function packMember(text: string): Promise<Buffer> {
  const plain = await compress(text);
  const member = Buffer.alloc(plain.length + EXTRA_BYTES);
  plain.copy(member, 0, 0, PLAIN_HEADER_BYTES);
  member[FLAGS_OFFSET] = FEXTRA;
  member.writeUInt16LE(EXTRA_BYTES - 2, PLAIN_HEADER_BYTES);
  member.write(SUBFIELD_ID, PLAIN_HEADER_BYTES + 2, 'latin1');
  member.writeUInt16LE(4, PLAIN_HEADER_BYTES + 4);
  member.writeUInt32LE(member.length, PLAIN_HEADER_BYTES + 6);
  plain.copy(member, HEADER_BYTES, PLAIN_HEADER_BYTES);
  return member;
}

/** The texts of the members, up to the first that is not whole. One member is in memory at a time. */
export async function* readMembers(path: string): AsyncIterable<string> {
  const handle = await open(path, 'r');
  try {
    for (let at = 0; ; ) {
      const member = await readMember(handle, at);
      if (member === undefined) return;
      at += member.bytes;
      yield member.text;
    }
  } finally {
    await handle.close();
  }
}

async function readMember(handle: FileHandle, at: number): Promise<{ text: string; bytes: number } | undefined> {
  const header = await readExactly(handle, at, HEADER_BYTES);
  if (header === undefined || header[FLAGS_OFFSET] !== FEXTRA || header.toString('latin1', 12, 14) !== SUBFIELD_ID) return undefined;
  const bytes = header.readUInt32LE(PLAIN_HEADER_BYTES + 6);
  // A length that goes past the end of the file is not believed: it would ask for that much memory.
  if (bytes <= HEADER_BYTES || at + bytes > (await handle.stat()).size) return undefined;
  const member = await readExactly(handle, at, bytes);
  if (member === undefined) return undefined;
  try {
    return { text: (await decompress(member)).toString('utf8'), bytes };
  } catch (error) {
    // The check sum of the member did not hold: its bytes never reached the disk as a whole.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) return undefined;
    throw error;
  }
}

async function readExactly(handle: FileHandle, at: number, bytes: number): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, at);
  return bytesRead === bytes ? buffer : undefined;
}
