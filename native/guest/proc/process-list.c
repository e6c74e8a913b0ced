#include "process-list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../system/text-file.h"

enum { NAME_BYTES = 16, NS = 1000000000, NICE_ZERO = 20, TEXT_BYTES = 4096 };
enum { ENTRY_BYTES = 96 + NAME_BYTES + BL_LIMIT_PROCESS_COMMAND };
enum { PF_EXITING = 4 }; /* the kernel's, in its linux/sched.h */
enum { TERMINAL_MAJORS = 136, LAST_TERMINAL_MAJOR = 143 };

static void write_process(struct wr *wr, int proc, const char *name, uint32_t *count);
static uint32_t number_of(int proc, uint32_t pid);
static const char *number_after(const char *status, const char *key, int depth);
static uint32_t name_of(const char *stat, const char **name);
static uint32_t read_command(int directory, const char *name, uint32_t length, char command[BL_LIMIT_PROCESS_COMMAND]);
static uint64_t from_ticks(uint64_t ticks);
static uint32_t terminal_of(uint32_t device);

int process_list(struct wr *wr, pid_t first, struct err *err) {
    DIR *processes = opendir("/proc");
    if (!processes)
        return err_errno(err, "can't list the processes");
    size_t count_at = wr->used;
    uint32_t count = 0;
    wr_u32(wr, 0);
    for (struct dirent *entry; first && (entry = readdir(processes));)
        if (isdigit((unsigned char)entry->d_name[0]) && count < BL_LIMIT_MAX_PROCESSES &&
            wr->size - wr->used > ENTRY_BYTES)
            write_process(wr, dirfd(processes), entry->d_name, &count);
    closedir(processes);
    struct wr header = {.p = wr->p + count_at, .size = sizeof count};
    wr_u32(&header, count);
    return 0;
}

int process_stat(const char *text, struct process_figures *out) {
    const char *after = strrchr(text, ')');
    unsigned long long user, system, start, size;
    long long resident;
    int parent, group, terminal, foreground;
    unsigned flags;
    if (!after ||
        sscanf(after + 1,
               " %c %d %d %*d %d %d %u %*u %*u %*u %*u %llu %llu %*d %*d %*d %d %u %*d %llu %llu %lld" /* rss */
               " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %u",
               &out->state, &parent, &group, &terminal, &foreground, &flags, &user, &system, &out->nice, &out->threads,
               &start, &size, &resident, &out->processor) != 14)
        return -1;
    out->parent = parent < 0 ? 0 : (uint32_t)parent;
    out->terminal = (uint32_t)terminal;
    out->exiting = flags & PF_EXITING;
    out->foreground = terminal && foreground == group;
    out->cpu_ticks = user + system;
    out->start_ticks = start;
    out->virtual_bytes = size;
    out->resident_pages = resident < 0 ? 0 : (uint64_t)resident;
    return 0;
}

uint32_t process_number_inside(const char *status, const char *key, int depth) {
    const char *at = number_after(status, key, depth);
    return at ? (uint32_t)strtoul(at, NULL, 10) : 0;
}

uint32_t process_effective_id(const char *status, const char *key) { return process_number_inside(status, key, 1); }

/* Where the number begins that `depth` others precede; NULL when there are fewer. */
static const char *number_after(const char *status, const char *key, int depth) {
    size_t length = strlen(key);
    const char *at = status;
    while (at && (strncmp(at, key, length) != 0 || at[length] != ':'))
        at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
    at = at ? at + length + 1 : NULL;
    for (int i = 0; at; i++) {
        at += strspn(at, "\t ");
        if (!isdigit((unsigned char)*at))
            return NULL;
        if (i == depth)
            return at;
        at += strspn(at, "0123456789");
    }
    return NULL;
}

/* One that ends meanwhile is left out. */
static void write_process(struct wr *wr, int proc, const char *name, uint32_t *count) {
    char status[TEXT_BYTES], stat[TEXT_BYTES], command[BL_LIMIT_PROCESS_COMMAND];
    struct process_figures figures;
    cleanup_fd int directory = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || read_text_at(directory, "status", status, sizeof status))
        return;
    /* The kernel's own and the agent's are in no namespace below ours. */
    uint32_t pid = process_number_inside(status, "NSpid", 1);
    if (!pid || read_text_at(directory, "stat", stat, sizeof stat) || process_stat(stat, &figures))
        return;
    const char *own_name;
    uint32_t name_length = name_of(stat, &own_name);
    wr_u32(wr, pid);
    wr_u32(wr, number_of(proc, figures.parent));
    wr_u32(wr, process_effective_id(status, "Uid"));
    wr_u32(wr, process_effective_id(status, "Gid"));
    wr_u32(wr, process_number_inside(status, "NSpgid", 1));
    wr_u32(wr, process_number_inside(status, "NSsid", 1));
    wr_u64(wr, from_ticks(figures.start_ticks));
    wr_u64(wr, from_ticks(figures.cpu_ticks));
    wr_u64(wr, figures.virtual_bytes);
    wr_u64(wr, figures.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE));
    wr_u32(wr, terminal_of(figures.terminal));
    wr_u8(wr, figures.foreground);
    wr_u8(wr, (uint8_t)figures.state);
    wr_u8(wr, (uint8_t)(figures.nice + NICE_ZERO));
    wr_u32(wr, figures.threads);
    wr_u32(wr, figures.processor);
    wr_bytes(wr, own_name, name_length);
    wr_bytes(wr, command, read_command(directory, own_name, name_length, command));
    ++*count;
}

/* A parent outside, as that of an exec session is, has no number inside: 0, as in the box's own view. */
static uint32_t number_of(int proc, uint32_t pid) {
    char path[32], status[TEXT_BYTES];
    snprintf(path, sizeof path, "%u/status", pid);
    return pid && read_text_at(proc, path, status, sizeof status) == 0 ? process_number_inside(status, "NSpid", 1) : 0;
}

/* The name may hold anything, brackets too. */
static uint32_t name_of(const char *stat, const char **name) {
    const char *from = strchr(stat, '('), *to = strrchr(stat, ')');
    *name = from ? from + 1 : "";
    size_t length = from && to && to > from ? (size_t)(to - from - 1) : 0;
    return (uint32_t)(length < NAME_BYTES ? length : NAME_BYTES);
}

/* A process without arguments, such as one that is a zombie, shows its name in brackets, as in `ps`. */
static uint32_t read_command(int directory, const char *name, uint32_t length, char command[BL_LIMIT_PROCESS_COMMAND]) {
    cleanup_fd int fd = openat(directory, "cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, command, BL_LIMIT_PROCESS_COMMAND);
    if (size > 0)
        return (uint32_t)size;
    return (uint32_t)snprintf(command, BL_LIMIT_PROCESS_COMMAND, "[%.*s]", (int)length, name);
}

static uint64_t from_ticks(uint64_t ticks) { return ticks * (NS / (uint64_t)sysconf(_SC_CLK_TCK)); }

/* Pseudo-terminals alone: the box has no others. */
static uint32_t terminal_of(uint32_t device) {
    unsigned number = major(device);
    if (number < TERMINAL_MAJORS || number > LAST_TERMINAL_MAJOR)
        return 0;
    return minor(device) + 256 * (number - TERMINAL_MAJORS) + 1;
}
