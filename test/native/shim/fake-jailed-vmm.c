/* Stands in for a QEMU that its guest has taken over, and tries to reach the host. Usage: fake-jailed-vmm REPORT
 * DIRECTORY READ-ONLY PROCESS SECRET SOCKET: three descriptors, a process and two paths of the host; see attempts.h. It
 * then waits to be killed. */
#include <stdlib.h>

#include "attempts.h"

enum { FAILED_STATUS = 8 };

int main(int argc, char **argv) {
    if (argc != 7)
        return FAILED_STATUS;
    attempt_at = (struct attempt_places){.report = atoi(argv[1]),
                                         .directory = atoi(argv[2]),
                                         .read_only_file = atoi(argv[3]),
                                         .process = atoi(argv[4]),
                                         .secret = argv[5],
                                         .socket = argv[6]};
    attempt_all(false);
    dprintf(attempt_at.report, "done\n");
    for (;;)
        pause();
}
