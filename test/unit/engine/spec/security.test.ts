import { expect, test } from 'vitest';
import {
  SecurityOptions,
  type SecurityPreset,
  settleSecurity,
  withSecurity,
} from '../../../../src/engine/spec/security.js';

test.each(Object.keys(SecurityOptions) as SecurityPreset[])(
  'the preset %s has its name',
  (name) => {
    expect(settleSecurity(name)).toEqual(SecurityOptions[name]());
  },
);

test('nothing said is standard, and so is what is left out', () => {
  expect(settleSecurity()).toEqual(SecurityOptions.standard());
  expect(settleSecurity({ vmmUser: 'require' })).toEqual({
    ...SecurityOptions.standard(),
    vmmUser: 'require',
  });
});

test.each(['vmmUser', 'vmmNamespaces', 'vmmLandlock'] as const)('%s has three values', (layer) => {
  expect(() => settleSecurity({ [layer]: 'always' as 'try' })).toThrow(
    `${layer} can't be "always"`,
  );
});

test('a preset is a new object each time', () => {
  SecurityOptions.maximum().capDrop.push('KILL');
  expect(SecurityOptions.maximum().capDrop).not.toContain('KILL');
});

test('security decides of network and capabilities what the options leave open', () => {
  expect(withSecurity({ security: 'maximum' })).toMatchObject({
    network: 'none',
    capDrop: SecurityOptions.maximum().capDrop,
  });
  expect(
    withSecurity({ security: 'maximum', network: 'default', capDrop: ['KILL'] }),
  ).toMatchObject({ network: 'default', capDrop: [...SecurityOptions.maximum().capDrop, 'KILL'] });
});

test.each(['most', 'toString'])('the preset %s is none', (name) => {
  expect(() => settleSecurity(name as SecurityPreset)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});
