/* boxlite-host: what the engine asks of this machine and Node can't reach. It runs for one answer on stdout and
 * ends, apart from the supervisor, which stays with a box and carries no code that it doesn't run. */
#include <stdio.h>
#include <string.h>

#include "sparse.h"
#include "tsc.h"

static int usage(void);

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(verb, "tsc-khz") == 0)
        return print_tsc_khz();
    if (argc == 3 && strcmp(verb, "data-map") == 0)
        return print_data_map(argv[2]);
    if (argc == 4 && strcmp(verb, "copy-sparse") == 0)
        return copy_sparse(argv[2], argv[3]);
    if (argc == 4 && strcmp(verb, "copy-disk") == 0)
        return copy_disk(argv[2], argv[3]);
    return usage();
}

static int usage(void) {
    fputs("usage: boxlite-host tsc-khz | data-map PATH | copy-sparse FROM TO | copy-disk FROM TO\n", stderr);
    return 2;
}
