#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../box/records.h"
#include "../system/clock.h"
#include "../system/watch.h"
#include "../system/write-whole.h"
#include "../vmm/vmm.h"

/* Between two writes at the least: a guest that floods us costs the host's disk ten small files a second. */
enum { WRITE_EVERY_MS = 100, FIXED_BYTES = 64 };

static void keep(struct health_log *log, const uint8_t *payload, uint32_t size);
static void settle(struct shim *shim);
static int write_record(const struct health_log *log);
static int wait_for(struct shim *shim, uint64_t ms);

void health_from_guest(struct shim *shim, const struct frame *frame) {
    if (!shim->main.started || shim->main.exited)
        return;
    if (frame->header.flags || frame->header.length > FIXED_BYTES + BL_LIMIT_HEALTH_OUTPUT) {
        vmm_fault(shim, EPROTO, "the guest's health has %u bytes", frame->header.length);
        return;
    }
    keep(&shim->health, frame->payload, frame->header.length);
    shim->health.dirty = true;
    settle(shim);
}

void health_timer(struct shim *shim) {
    uint64_t expirations;
    if (read(shim->health.timer_fd, &expirations, sizeof expirations) < 0)
        return;
    shim->health.waiting = false;
    settle(shim);
}

/* The oldest makes room. */
static void keep(struct health_log *log, const uint8_t *payload, uint32_t size) {
    uint8_t *copy = malloc(size + 1);
    if (!copy)
        return;
    memcpy(copy, payload, size);
    if (log->count == BL_LIMIT_HEALTH_CHECKS) {
        free(log->checks[0].payload);
        memmove(log->checks, log->checks + 1, (BL_LIMIT_HEALTH_CHECKS - 1) * sizeof *log->checks);
        log->count--;
    }
    log->checks[log->count++] = (struct health_check){copy, size};
}

static void settle(struct shim *shim) {
    struct health_log *log = &shim->health;
    uint64_t now = clock_monotonic_ms();
    if (!log->dirty || log->waiting)
        return;
    if (log->written_ms && now - log->written_ms < WRITE_EVERY_MS &&
        wait_for(shim, WRITE_EVERY_MS - (now - log->written_ms)) == 0) {
        log->waiting = true;
        return;
    }
    /* On a full disk the file stays as it is until the next check. */
    log->dirty = write_record(log) != 0;
    log->written_ms = now;
}

static int write_record(const struct health_log *log) {
    size_t size = 4;
    for (uint32_t i = 0; i < log->count; i++)
        size += 4 + log->checks[i].size;
    cleanup_free uint8_t *bytes = malloc(size);
    if (!bytes)
        return -1;
    struct wr wr = {.p = bytes, .size = size};
    wr_u32(&wr, log->count);
    for (uint32_t i = 0; i < log->count; i++)
        wr_bytes(&wr, log->checks[i].payload, log->checks[i].size);
    cleanup_fd int fd = open(RECORD_HEALTH ".new", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_whole(fd, bytes, size) || ftruncate(fd, (off_t)size))
        return -1;
    return rename(RECORD_HEALTH ".new", RECORD_HEALTH);
}

static int wait_for(struct shim *shim, uint64_t ms) {
    struct health_log *log = &shim->health;
    if (log->timer_fd < 0) {
        log->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (log->timer_fd < 0)
            return -1;
        if (watch_add(&shim->watch, log->timer_fd, ON_HEALTH, 0, EPOLLIN)) {
            close(log->timer_fd);
            log->timer_fd = -1;
            return -1;
        }
    }
    struct itimerspec when = {.it_value.tv_nsec = (long)ms * 1000000};
    return timerfd_settime(log->timer_fd, 0, &when, NULL);
}
