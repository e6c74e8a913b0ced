#include "process-end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../system/text-file.h"
#include "process-list.h"

int process_end_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

bool process_end_seen(pid_t pid, int *status) {
    char path[sizeof "/proc//stat" + 10], stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return read_text(path, stat, sizeof stat) == 0 && process_end_read(stat, status);
}

/* The status is the last number of the line. */
bool process_end_read(const char *stat, int *status) {
    struct process_figures figures;
    const char *last = strrchr(stat, ' ');
    if (!last || process_stat(stat, &figures) || figures.state != 'Z')
        return false;
    *status = (int)strtol(last, NULL, 10);
    return true;
}
