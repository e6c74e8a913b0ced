import { describe, expect, it } from 'vitest';
import {
  parseVolumeFilters,
  parseVolumePruneFilters,
} from '../../../../src/cli/flags/filters/volume-filters.js';
import { volumeInfo } from '../fake-world.js';

const VOLUMES = [
  volumeInfo({ name: 'data', labels: { app: 'shop', tier: '1' }, boxes: ['01x'] }),
  volumeInfo({ name: 'data-old', labels: { app: 'shop' } }),
  volumeInfo({ name: 'cache' }),
];

const namesOf = (matches: (volume: (typeof VOLUMES)[0]) => boolean): string =>
  VOLUMES.filter(matches)
    .map(({ name }) => name)
    .join(' ');

describe('volume ls --filter', () => {
  it.each([
    ['dangling=true', 'data-old cache'],
    ['dangling=0', 'data'],
    ['driver=local', 'data data-old cache'],
    ['driver=nfs', ''],
    ['label=app', 'data data-old'],
    ['label=app=shop label=tier', 'data'],
    ['name=data', 'data data-old'],
    ['name=^data$', 'data'],
    ['name=cache name=old', 'data-old cache'],
    ['name=data dangling=1', 'data-old'],
  ])('%s finds %s', (filters, names) => {
    expect(namesOf(parseVolumeFilters(filters.split(' ')))).toBe(names);
  });

  it.each(['until=1h', 'dangling=maybe', 'name=[', 'scope=local'])('refuses %s', (filter) => {
    expect(() => parseVolumeFilters([filter])).toThrow('invalid filter');
  });
});

describe('volume prune --filter', () => {
  it.each([
    ['label=app', 'data data-old', false],
    ['label!=tier', 'data-old cache', false],
    ['label=app label!=tier=1 all=true', 'data-old', true],
    ['all=0', 'data data-old cache', false],
  ])('%s keeps %s', (filters, names, all) => {
    const parsed = parseVolumePruneFilters(filters.split(' '));
    expect([namesOf(parsed.matches), parsed.all]).toEqual([names, all]);
  });

  it.each(['until=1h', 'dangling=true', 'all=maybe'])('refuses %s', (filter) => {
    expect(() => parseVolumePruneFilters([filter])).toThrow('invalid filter');
  });
});
