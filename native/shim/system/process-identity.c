#include "process-identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"

enum { FIELD_FLAGS = 9, FIELD_START = 22, PF_EXITING = 4 /* of the kernel's sched.h */ };

static uint64_t stat_field(const char *path, int number);
static void read_text(const char *path, char *to, size_t size);

uint64_t self_start_ticks(void) { return stat_field("/proc/self/stat", FIELD_START); }

bool process_is_exiting(pid_t pid) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return stat_field(path, FIELD_FLAGS) & PF_EXITING;
}

int process_filters(pid_t pid) {
    static const char name[] = "\nSeccomp_filters:";
    char path[32], status[8192];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    read_text(path, status, sizeof status);
    const char *line = strstr(status, name);
    return line ? atoi(line + sizeof name - 1) : -1;
}

void self_boot_id(char to[BOOT_ID_BYTES]) { read_text("/proc/sys/kernel/random/boot_id", to, BOOT_ID_BYTES); }

/* As proc_pid_stat(5) counts them; 0 when it can't be read. */
static uint64_t stat_field(const char *path, int number) {
    char stat[1024];
    read_text(path, stat, sizeof stat);
    /* The second field is a name in parentheses that may hold anything, even a parenthesis. */
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < number; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static void read_text(const char *path, char *to, size_t size) {
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);
    to[n < 0 ? 0 : n] = 0;
}
