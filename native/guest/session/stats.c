#include "stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../box/cgroup.h"
#include "../proc/process-list.h"
#include "../system/clock.h"
#include "../system/root.h"
#include "../system/text-file.h"

enum { TEXT_BYTES = 16384, NUMBERS_BYTES = 512, DEEPEST_GROUP = 8, KIB = 1024 };

static int write_stats(struct wr *wr, uint32_t flags, const struct box *box, struct err *err);
static void write_memory(struct wr *wr);
static void write_load(struct wr *wr);
static void write_tasks(struct wr *wr);
static uint32_t count_processes(int parent, const char *name, int depth);
static void write_network(struct wr *wr);
static void write_blocks(struct wr *wr);
static uint64_t group_number(const char *file, const char *key);

void stats_answer(struct port *port, const struct message *request, const struct box *box) {
    struct rd rd = {.p = request->payload, .left = request->size};
    struct err err;
    uint32_t flags = rd_u32(&rd);
    size_t size = NUMBERS_BYTES + (flags & BL_STATS_PROCESSES ? PROCESS_LIST_BYTES : 0);
    cleanup_free uint8_t *payload = rd.bad ? NULL : malloc(size);
    struct wr wr = {.p = payload, .size = size};
    int failed = 0;
    if (request->session < BL_SESSION_FIRST_EXEC || rd.bad || rd.left)
        failed = err_set(&err, EPROTO, "the request for statistics is malformed");
    else if (!payload)
        failed = err_set(&err, ENOMEM, "no memory for statistics");
    else
        failed = write_stats(&wr, flags, box, &err);
    if (failed)
        port_send_failed(port, request->session, BL_STAGE_EXEC, &err);
    else
        port_send_message(port, request->session, BL_MSG_STATS, payload, wr.used);
}

static int write_stats(struct wr *wr, uint32_t flags, const struct box *box, struct err *err) {
    wr_u64(wr, monotonic_ns());
    write_memory(wr);
    write_load(wr);
    write_tasks(wr);
    wr_u64(wr, group_number("/cpu.stat", "usage_usec") * 1000);
    write_network(wr);
    write_blocks(wr);
    wr_u32(wr, (uint32_t)cgroup_oom_kills());
    if (!(flags & BL_STATS_PROCESSES))
        wr_u32(wr, 0);
    else if (process_list(wr, box->pid, err))
        return -1;
    return wr->bad ? err_set(err, EOVERFLOW, "the statistics are too long") : 0;
}

/* Cache that has not been used for long counts as free, as with Docker: the kernel may reclaim it. */
static void write_memory(struct wr *wr) {
    char text[TEXT_BYTES];
    read_text("/proc/meminfo", text, sizeof text);
    wr_u64(wr, text_number(text, "MemTotal") * KIB);
    wr_u64(wr, text_number(text, "MemAvailable") * KIB);
    uint64_t used = 0, cache = group_number("/memory.stat", "inactive_file");
    if (read_text(ROOT_BOX_CGROUP "/memory.current", text, sizeof text) == 0)
        used = strtoull(text, NULL, 10);
    wr_u64(wr, used > cache ? used - cache : 0);
    wr_u64(wr, cache);
}

static void write_load(struct wr *wr) {
    struct sysinfo info = {.loads = {0}};
    sysinfo(&info);
    for (int i = 0; i < 3; i++)
        wr_u32(wr, (uint32_t)(info.loads[i] * 100 >> SI_LOAD_SHIFT));
}

static void write_tasks(struct wr *wr) {
    char text[32];
    wr_u32(wr, count_processes(AT_FDCWD, ROOT_BOX_CGROUP, 0));
    wr_u32(wr, read_text(ROOT_BOX_CGROUP "/pids.current", text, sizeof text) ? 0 : (uint32_t)strtoul(text, NULL, 10));
}

/* A privileged box may have groups below its own. */
static uint32_t count_processes(int parent, const char *name, int depth) {
    char text[TEXT_BYTES];
    uint32_t count = 0;
    cleanup_fd int group = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    cleanup_fd int list = group < 0 ? -1 : openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    for (ssize_t n; list >= 0 && (n = read(list, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            count += text[i] == '\n';
    DIR *below = group < 0 || depth == DEEPEST_GROUP ? NULL : fdopendir(take_fd(&group));
    if (!below)
        return count;
    for (struct dirent *entry; (entry = readdir(below));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            count += count_processes(dirfd(below), entry->d_name, depth + 1);
    closedir(below);
    return count;
}

/* All but what stays inside the machine. */
static void write_network(struct wr *wr) {
    char text[TEXT_BYTES];
    unsigned long long sum[4] = {0};
    read_text("/proc/net/dev", text, sizeof text);
    for (char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
        unsigned long long got[4];
        char name[32];
        line++;
        if (sscanf(line, " %31[^:]: %llu %llu %*u %*u %*u %*u %*u %*u %llu %llu", name, &got[0], &got[1], &got[2],
                   &got[3]) != 5 ||
            strcmp(name, "lo") == 0)
            continue;
        for (int i = 0; i < 4; i++)
            sum[i] += got[i];
    }
    for (int i = 0; i < 4; i++)
        wr_u64(wr, sum[i]);
}

static void write_blocks(struct wr *wr) {
    char text[TEXT_BYTES];
    uint64_t got = 0, put = 0;
    read_text(ROOT_BOX_CGROUP "/io.stat", text, sizeof text);
    for (const char *at = text; (at = strstr(at, "rbytes=")); at++)
        got += strtoull(at + strlen("rbytes="), NULL, 10);
    for (const char *at = text; (at = strstr(at, "wbytes=")); at++)
        put += strtoull(at + strlen("wbytes="), NULL, 10);
    wr_u64(wr, got);
    wr_u64(wr, put);
}

static uint64_t group_number(const char *file, const char *key) {
    char path[64], text[TEXT_BYTES];
    snprintf(path, sizeof path, ROOT_BOX_CGROUP "%s", file);
    return read_text(path, text, sizeof text) ? 0 : text_number(text, key);
}
