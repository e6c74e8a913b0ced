import { defineConfig } from 'vitest/config';

/** What is looked for again and again is there at once, or a busy host needs long for it; a second says neither. */
const poll = { timeout: 60_000 };

/** One project a kind of test (Tests in CONTRIBUTING.md): what each may touch differs, so do its limits. */
export default defineConfig({
  test: {
    // Vitest leaves one processor free, which of two is half.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Vitest's five seconds are little for a table of thousands beside other work.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          expect: { poll },
        },
      },
      { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'native', include: ['test/native/**/*.test.ts'], testTimeout: 300_000 } },
      {
        test: {
          // Not in `npm test`: it downloads much and takes long.
          name: 'software',
          include: ['test/software/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          expect: { poll },
          globalSetup: ['test/helpers/e2e-setup.ts'],
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 300_000,
          expect: { poll },
          globalSetup: ['test/helpers/e2e-setup.ts'],
          // A machine by emulation is one busy processor, and often waits.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
