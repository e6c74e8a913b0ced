import { text } from './command-page.js';
import type { Block, Page } from './roff.js';

/** boxlite(7) */
export function conceptsPage(): Page {
  return {
    name: 'boxlite',
    volume: 7,
    summary: 'what boxes are, how they start, where they are kept',
    sections: [
      {
        title: 'DESCRIPTION',
        body: [
          text(
            'A box is one small virtual machine with a kernel of its own, in which one command of an image runs. ' +
              'The command is process 1 of the box, and the box lives as long as it does.',
          ),
          heading('Life of a box'),
          text(
            'create makes it; start and run start it; it ends with its command, or by stop or kill; rm removes it. ' +
              'No daemon watches: each running box has one small supervisor process, and boxlite ps finds the actual state ' +
              'from what that has written, whatever was killed.',
          ),
          heading('The first start'),
          text(
            'boxlite setup finds QEMU, unpacks a kernel without installing it, makes the image localhost/busybox, ' +
              'and boots one virtual machine, which is kept as a template. All this is done once. From then on a box ' +
              'is a copy of the template that runs on at once. The first start from an image makes a template ' +
              'of that image as well, which takes a moment longer; those of the eight images used last are kept.',
          ),
          heading('KVM or emulation'),
          text(
            'Whether KVM works is found out by running a machine with it, at the first start after the host has ' +
              'booted, and again when a machine has failed with it. Where it does not, boxes run by emulation, ' +
              'which is slower. boxlite info shows which, and why; boxlite doctor tries KVM again, and so does ' +
              '--accel kvm, which insists on it.',
          ),
          heading('Images'),
          text(
            'Images come from registries, from archives (load, import) and from running boxes (commit, export). ' +
              'A layer that several images share is stored once. Short names are looked for in the registries ' +
              'of the configuration, docker.io unless it says otherwise.',
          ),
          heading('Isolation'),
          text(
            'The virtual machine is the first layer of isolation. The second is around QEMU: a user of its own when boxlite is ' +
              'started by root, namespaces and a control group where the host gives them, no new privileges, limits, ' +
              'and filters of system calls. boxlite-info(1) says what the host gives.',
          ),
          text(
            'In the box, programs have the capabilities that Docker gives, and a filter refuses the system calls that ' +
              "Docker's default profile refuses: namespaces, mounts, keys, io_uring and the like, unless a capability " +
              'that the box is given (--cap-add) is for them. Programs that make a sandbox of namespaces, as browsers ' +
              'do, need that of theirs turned off, --cap-add SYS_ADMIN, or --security-opt seccomp=unconfined.',
          ),
        ],
      },
      {
        title: 'FILES',
        body: [
          file('boxlite.db', 'What exists, in which state (SQLite).'),
          file('boxes/ID', "A box's disk, log, console and records of its start and end."),
          file('volumes/NAME/_data', 'The files of a volume; that of type disk has one file.'),
          file('images', 'Blobs as they came, layers laid out, and disks joined of them.'),
          file(
            'templates',
            'Booted machines that boxes start from; may be deleted, and are made again.',
          ),
          file('assets', 'Kernel and initramfs of the guests, made by boxlite setup.'),
          file('config.json', 'The configuration; see boxlite-config(5).'),
          text('All under ~/.boxlite, or the directory that --home or BOXLITE_HOME names.'),
        ],
      },
      { title: 'SEE ALSO', body: [text('boxlite(1), boxlite-config(5)')] },
    ],
  };
}

function heading(words: string): Block {
  return { kind: 'heading', text: words };
}

function file(name: string, what: string): Block {
  return { kind: 'term', term: [['italic', name]], text: what };
}
