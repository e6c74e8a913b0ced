import { describe, expect, it } from 'vitest';
import {
  type BackendName,
  backendNames,
  netdev,
  otherGuest,
  passtArguments,
  publishedPort,
} from '../../../bench/network/backends.js';
import { figure, rowNames, ROWS } from '../../../bench/network/rows.js';

describe('the backends of the network bench', () => {
  it('publish each guest at a port of its own', () => {
    const ports = backendNames().flatMap((name) => [
      publishedPort(name, 1),
      publishedPort(name, 2),
    ]);
    expect(new Set(ports).size).toBe(6);
  });

  it.each<[BackendName, string]>([
    ['user', 'user,id=net0,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:7102-10.0.2.15:7000'],
    ['passt', 'stream,id=net0,server=off,addr.type=unix,addr.path=/s'],
    ['boxlite', 'socket,id=net0,fd=22'],
  ])('has the network card of %s lead there', (name, expected) => {
    expect(netdev(name, 2, '/s')).toBe(expected);
  });

  it('gives passt the network that the others have', () => {
    const words = passtArguments(1, '/s').join(' ');
    expect(words).toContain('--address 10.0.2.15 --netmask 24 --gateway 10.0.2.2');
    expect(words).toContain('--tcp-ports 127.0.0.1/7111:7000');
  });

  it('reaches the other guest over the hub, or by its published port', () => {
    expect(otherGuest('boxlite')).toBe('172.18.0.12 7000');
    expect(otherGuest('user')).toBe('10.0.2.2 7102');
  });
});

describe('the rows of the network bench', () => {
  it('name a command with an address, a port and an amount each', () => {
    for (const name of rowNames())
      for (const backend of backendNames())
        expect(ROWS[name].command(backend)).toMatch(/^[a-z]+ [\d.]+ \d+ \d+$/);
  });

  it('turn a time into a speed, or into the time of one', () => {
    expect(figure(ROWS.connect, 1000)).toBe(ROWS.connect.amount);
    expect(figure(ROWS.talk, 1000)).toBe(1e6 / ROWS.talk.amount);
  });
});
