/**
 * A name server for tests, which answers by datagram and by stream. Usage: fake-dns ADDRESS RECORDS, where RECORDS is a
 * JSON object: by name, addresses of both families, or `=NAME` for an alias. Prints `ready`, then each name asked for.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { addressBytes } from '../../src/host/ip-address.js';

const [, , host = '', text = '{}'] = process.argv;
const records = JSON.parse(text) as Record<string, string[]>;
const TTL_SECONDS = 1;

const datagrams = createSocket('udp4');
datagrams.on('message', (query, from) => datagrams.send(answerTo(query), from.port, from.address));
datagrams.bind(53, host);
const streams = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (message: Buffer) => {
    const answer = answerTo(message.subarray(2));
    socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
  });
});
streams.listen(53, host);
await Promise.all([once(datagrams, 'listening'), once(streams, 'listening')]);
console.log('ready');
process.stdin.on('end', () => process.exit()).resume();

function answerTo(query: Buffer): Buffer {
  const question = questionOf(query);
  console.log(question.name);
  const answers = answersFor(question.name, question.type);
  const header = Buffer.from(query.subarray(0, 12));
  const found = records[question.name] !== undefined;
  header.writeUInt16BE(found ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(12, question.end), ...answers]);
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

const [A, CNAME, AAAA] = [1, 5, 28];

function answersFor(name: string, type: number): Buffer[] {
  return (records[name] ?? []).flatMap((value) => {
    if (value.startsWith('=')) {
      const target = value.slice(1);
      return [record(name, CNAME, wireName(target)), ...answersFor(target, type)];
    }
    const data = addressBytes(value);
    return type === (data.length === 4 ? A : AAAA) ? [record(name, type, data)] : [];
  });
}

function record(name: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_SECONDS, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([wireName(name), fixed, data]);
}

function wireName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(` ${label}`, 'latin1'));
  for (const label of labels) label[0] = label.length - 1;
  return Buffer.concat([...labels, Buffer.from([0])]);
}
