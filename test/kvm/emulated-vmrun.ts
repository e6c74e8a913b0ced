/**
 * QEMU's emulated VMRUN delivers the interrupt that KVM injects, and also leaves its vector in `exception_index`
 * (target/i386/tcg/sysemu/svm_helper.c, SVM_EVTINJ_TYPE_INTR). With -icount it may then be delivered again, with
 * interrupts off, and a guest waits for good for a lock that it holds itself (README.md). That store is taken out.
 */
import { closeSync, openSync, readFileSync, readlinkSync, writeSync } from 'node:fs';

/** exception_index = vector, exception_is_int = 0, exception_next_eip = -1, do_interrupt_x86_hardirq(env, vector, 1). */
const STORE =
  /\x89[\x83\x8b\x93\x9b\xa3\xab\xb3\xbb][^]{3}\xff\xc7\x83[^]{4}\0{4}\x48\xc7\x83[^]{4}\xff{4}[^]{0,20}\xba\x01\0{3}\x48\x89\xdf\xe8/g;
/** As long as the store. */
const NOP = Buffer.from([0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00]);

/** @returns the store's place in QEMU's file; undefined where its code is not what is known here */
export function findStore(program: string): number | undefined {
  const [store, another] = readFileSync(program, 'latin1').matchAll(STORE);
  return another === undefined ? store?.index : undefined;
}

/**
 * In the memory of a QEMU that has just been started; its file stays as it is.
 * @returns where it was; undefined: not found, and nothing is changed
 */
export function takeOutStore(pid: number): number | undefined {
  const program = readlinkSync(`/proc/${pid}/exe`);
  const offset = findStore(program);
  if (offset === undefined) return undefined;
  const address = addressOf(pid, program, offset);
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    writeSync(memory, NOP, 0, NOP.length, address);
  } finally {
    closeSync(memory);
  }
  return address;
}

/** Where a byte of the program's file is in the memory of its process. */
function addressOf(pid: number, program: string, offset: number): number {
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [range = '', , from = '', , , path] = line.split(/ +/);
    const [begin = 0, end = 0] = range.split('-').map((number) => Number.parseInt(number, 16));
    const within = offset - Number.parseInt(from, 16);
    if (path === program && within >= 0 && within < end - begin) return begin + within;
  }
  throw new Error(`${program} is not mapped where its code is`);
}
