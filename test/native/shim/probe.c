/* Loaded into the real QEMU together with the interposer: a thread that waits for the lock, and then tries what whoever
 * has taken QEMU over would try. It finds its orders in the box's first volume, in the file "orders": "all", or the name
 * of one attempt that ends the VMM. The report is beside it. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "attempts.h"

/* Numbers of src/vmm/qemu/command.ts. */
enum { RAM = 13, SHARES = 19 };

static void obey(const char *orders) {
    if (strcmp(orders, "all") == 0) {
        attempt_all(true);
        dprintf(attempt_at.report, "done\n");
        return;
    }
    /* As an assertion of QEMU's, and as its handler of SIGBUS. */
    if (strcmp(orders, "abort") == 0)
        abort();
    if (strcmp(orders, "SIGBUS") == 0)
        raise(SIGBUS);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        if (strcmp(attempts[i].name, orders) == 0) {
            dprintf(attempt_at.report, "%s: ", orders);
            attempt(&attempts[i]);
        }
}

static void *wait_for_lock(void *unused) {
    (void)unused;
    const struct timespec turn = {.tv_nsec = 1000 * 1000};
    /* No VMM needs this call, so the lock hides it. */
    while (syscall(SYS_getpgid, 0) >= 0)
        nanosleep(&turn, NULL);
    int share = (int)syscall(SYS_openat, SHARES, "0", O_RDONLY | O_DIRECTORY);
    int file = (int)syscall(SYS_openat, share, "orders", O_RDONLY);
    char orders[64] = "";
    if (file < 0 || read(file, orders, sizeof orders - 1) < 0)
        return NULL;
    attempt_at = (struct attempt_places){.report = (int)syscall(SYS_openat, share, "report", O_WRONLY | O_APPEND),
                                         .directory = SHARES,
                                         .read_only_file = RAM,
                                         .process = 1,
                                         .secret = "/etc/shadow",
                                         .socket = "/run/docker.sock"};
    obey(orders);
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_lock, NULL))
        _exit(1);
}
