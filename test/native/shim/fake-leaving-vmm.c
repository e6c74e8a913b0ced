/* Stands in for a QEMU under the control of its guest: it tries to outlive its shim, to reach the shim's keys, and to
 * use more of the host than it may. Usage: fake-leaving-vmm REPORT KEY, a descriptor to which it writes a line for each
 * attempt, and the description of a key. It then waits to be killed. `fake-leaving-vmm see-key KEY` exits with 0 if it
 * can see the key. */
#include <errno.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FAILED_STATUS = 8 };

static int report;

static void tell(const char *what, long result) {
    dprintf(report, "%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "allowed");
    /* A child that the jail allowed stays alive. */
    if (getppid() != 0 && result == 0 && strstr(what, "child"))
        pause();
}

static long map(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? -1 : 0;
}

/* The kernel lists only the keys that a process may view (proc_keys(5)). */
static long see_key(const char *description) {
    FILE *keys = fopen("/proc/keys", "re");
    if (!keys)
        return -1;
    errno = ENOKEY;
    long found = -1;
    char line[512];
    while (fgets(line, sizeof line, keys))
        if (strstr(line, description))
            found = 0;
    fclose(keys);
    return found;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "see-key") == 0)
        return see_key(argv[2]) ? FAILED_STATUS : 0;
    if (argc != 3)
        return FAILED_STATUS;
    report = atoi(argv[1]);
    tell("outlive the shim", prctl(PR_SET_PDEATHSIG, 0));
    tell("another signal", prctl(PR_SET_PDEATHSIG, SIGCONT));
    tell("child by clone", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
    tell("child by clone3", syscall(SYS_clone3, NULL, 0));
#ifdef SYS_fork
    tell("child by fork", syscall(SYS_fork));
#endif
    tell("caller's key", see_key(argv[2]));
    tell("own keyring", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
    tell("user's keys", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1));
    tell("new key", syscall(SYS_add_key, "user", "k", "v", 1, KEY_SPEC_PROCESS_KEYRING));
    tell("wanted key", syscall(SYS_request_key, "user", "k", NULL, 0));
    static char page[4096];
    tell("locked memory", mlock(page, sizeof page));
    tell("message queue", mq_open("/boxlite-test", O_RDWR | O_CREAT, 0600, NULL));
    tell("64 MiB", map((size_t)64 << 20));
    tell("1 GiB", map((size_t)1 << 30));
    tell("1 GiB", map((size_t)1 << 30));
    tell("name of its own", prctl(PR_SET_NAME, "vmm"));
    dprintf(report, "done\n");
    for (;;)
        pause();
}
