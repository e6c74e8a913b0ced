import { describe, expect, it } from 'vitest';
import { makeReport, type Measurements, renderReport } from '../../bench/report.js';

const MEMORY = { shimKib: 1024, vmmKib: 40_960, guestKib: 10_240 };

const MEASURED: Measurements = {
  machine: { CPU: '2 × Example', QEMU: '7.2' },
  timesMs: {
    node: [20, 22, 21],
    sqlite: [24, 25, 26],
    version: [30, 31, 29],
    ps: [50, 52, 51],
    cpFileIn: [500],
    podmanFileIn: [250],
    cpTreeOut: [800],
    template: [400, 420, 410],
    kept: [500, 500, 500],
    cold: [3280],
    podmanRun: [200, 205, 210],
  },
  starts: [
    { prepareMs: 10, 'guest.disksMs': 90, totalMs: 300 },
    { prepareMs: 20, 'guest.disksMs': 80, totalMs: 310 },
    { prepareMs: 30, 'guest.disksMs': 70, totalMs: 320 },
  ],
  memory: { fresh: MEMORY, afterRuns: MEMORY },
};

describe('makeReport', () => {
  it('sets medians in relation, and leaves out the ratios of what was not measured', () => {
    const { ratios } = makeReport(MEASURED);
    expect(ratios).toEqual({
      'boxlite --version / node -e 0': 30 / 21,
      'boxlite ps / node -e 0': 51 / 21,
      'boxlite run --rm busybox true / podman run --rm busybox true': 2,
      'boxlite run --rm --cold busybox true / boxlite run --rm busybox true': 8,
      'boxlite cp, 100 MB into a box / podman cp, 100 MB into a container': 2,
    });
  });

  it('puts what is no stage of the start into the rest', () => {
    expect(makeReport(MEASURED).stagesMs).toEqual({
      nodeMs: 30,
      prepareMs: 20,
      'guest.disksMs': 80,
      totalMs: 310,
      restMs: 160,
      wholeMs: 500,
    });
  });

  it('tells what ps is made of, so that the parts make the whole', () => {
    const { 'whole (boxlite ps)': whole, ...parts } = makeReport(MEASURED).psPartsMs;
    expect(Object.values(parts)).toEqual([21, 9, 4, 17]);
    expect(whole).toBe(51);
    const timesMs = { node: [21], ps: [51] };
    expect(makeReport({ ...MEASURED, timesMs }).psPartsMs).toEqual({});
  });

  it('keeps every single time', () => {
    expect(makeReport(MEASURED).timesMs).toEqual(MEASURED.timesMs);
  });
});

describe('renderReport', () => {
  it('prints the machine, then a table each of times, ratios, the parts of ps, copies, stages and memory', async () => {
    expect(await renderReport(makeReport(MEASURED))).toBe(`CPU: 2 × Example
QEMU: 7.2

COMMAND                                  RUNS      MEDIAN      LOWEST      HIGHEST
node -e 0                                3         21.0 ms     20.0 ms     22.0 ms
node, better-sqlite3 loaded and opened   3         25.0 ms     24.0 ms     26.0 ms
boxlite --version                        3         30.0 ms     29.0 ms     31.0 ms
boxlite ps                               3         51.0 ms     50.0 ms     52.0 ms
boxlite run --rm busybox true            3         410.0 ms    400.0 ms    420.0 ms
boxlite run busybox true                 3         500.0 ms    500.0 ms    500.0 ms
boxlite run --rm --cold busybox true     1         3280.0 ms   3280.0 ms   3280.0 ms
podman run --rm busybox true             3         205.0 ms    200.0 ms    210.0 ms
boxlite cp, 100 MB into a box            1         500.0 ms    500.0 ms    500.0 ms
podman cp, 100 MB into a container       1         250.0 ms    250.0 ms    250.0 ms
boxlite cp, 2,000 small files out        1         800.0 ms    800.0 ms    800.0 ms

RATIO OF MEDIANS                                                       FACTOR
boxlite --version / node -e 0                                          1.43
boxlite ps / node -e 0                                                 2.43
boxlite run --rm busybox true / podman run --rm busybox true           2.00
boxlite run --rm --cold busybox true / boxlite run --rm busybox true   8.00
boxlite cp, 100 MB into a box / podman cp, 100 MB into a container     2.00

PART OF boxlite ps                         MEDIAN
node itself (node -e 0)                    21.0 ms
launcher (--version)                       9.0 ms
database (better-sqlite3)                  4.0 ms
program: arguments, engine, boxes, table   17.0 ms
whole (boxlite ps)                         51.0 ms

COPY              BOXLITE        PODMAN
100 MB in         200 MB/s       400 MB/s
2,000 files out   2500 files/s   -

STAGE OF A RUN FROM THE TEMPLATE        MEDIAN
node and launcher (boxlite --version)   30.0 ms
disks, template found                   20.0 ms
  guest: disks                          80.0 ms
start, sum                              310.0 ms
rest: verb, database, command, end      160.0 ms
whole (boxlite run busybox true)        500.0 ms

MEMORY OF AN IDLE BOX (PSS)      FRESH      AFTER THE RUNS
shim                             1.0 MiB    1.0 MiB
VMM without the guest's memory   30.0 MiB   30.0 MiB
guest's memory                   10.0 MiB   10.0 MiB
`);
  });
});
