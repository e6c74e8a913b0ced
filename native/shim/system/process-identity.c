#include "process-identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* Of proc_pid_stat(5); PF_EXITING is of the kernel's sched.h. */
enum { FIELD_FLAGS = 9, FIELD_START = 22, PF_EXITING = 4 };

static int open_file(const char *process, const char *name);
static uint64_t stat_field(int stat, int number);
static int filters(int status);
static void read_text(int fd, char *to, size_t size);

void self_identify(struct process_identity *self) {
    cleanup_fd int stat = open_file("self", "stat");
    cleanup_fd int boot_id = open_file("sys", "kernel/random/boot_id");
    self->start_ticks = stat_field(stat, FIELD_START);
    read_text(boot_id, self->boot_id, sizeof self->boot_id);
}

int self_filters(void) {
    cleanup_fd int status = open_file("self", "status");
    return filters(status);
}

void process_files_open(pid_t pid, struct process_files *files) {
    char process[16];
    snprintf(process, sizeof process, "%d", (int)pid);
    files->stat = open_file(process, "stat");
    files->status = open_file(process, "status");
}

bool process_is_exiting(const struct process_files *files) { return stat_field(files->stat, FIELD_FLAGS) & PF_EXITING; }

int process_filters(const struct process_files *files) { return filters(files->status); }

static int open_file(const char *process, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int filters(int status) {
    static const char name[] = "\nSeccomp_filters:";
    char text[8192];
    read_text(status, text, sizeof text);
    const char *line = strstr(text, name);
    return line ? atoi(line + sizeof name - 1) : -1;
}

/* 0 when it can't be read. */
static uint64_t stat_field(int stat, int number) {
    char text[1024];
    read_text(stat, text, sizeof text);
    /* The second field is a name in parentheses that may hold anything, even a parenthesis. */
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < number; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static void read_text(int fd, char *to, size_t size) {
    ssize_t n = fd < 0 ? 0 : pread(fd, to, size - 1, 0);
    to[n < 0 ? 0 : n] = 0;
}
