#include "notify.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "../../common/wire.h"
#include "../peers/guest-port.h"
#include "../vmm/vmm.h"
#include "watches.h"

static void watch(struct shim *shim, struct rd *rd);
static int add(struct shim *shim, uint32_t id, uint32_t share, const char *path);
static void complain(struct shim *shim, int code);
static void wait_for_events(struct shim *shim, bool wanted);

int notify_open(struct shim *shim, struct err *err) {
    err->code = 0;
    shim->watches = watches_open(&shim->config, err);
    return err->code ? -1 : 0;
}

void notify_from_guest(struct shim *shim, const struct frame *frame) {
    struct rd rd = {.p = frame->payload, .left = frame->header.length};
    if (!shim->watches) {
        vmm_fault(shim, EPROTO, "the guest watches a volume that is none to watch");
        return;
    }
    if (frame->header.type == BL_MSG_WATCH)
        watch(shim, &rd);
    else if (frame->header.type == BL_MSG_UNWATCH)
        watches_remove(shim->watches, rd_u32(&rd));
    else
        wait_for_events(shim, true);
    if (rd.bad || rd.left)
        vmm_fault(shim, EPROTO, "the guest's message about a volume is malformed");
}

/* One message at a time is on its way: meanwhile the kernel keeps what happens, joins what is the same, and says so
 * when it has lost something. */
void notify_event(struct shim *shim) {
    static uint8_t payload[BL_LIMIT_MAX_PAYLOAD];
    struct wr wr = {.p = payload, .size = sizeof payload};
    /* The VMM may have ended in this same turn. */
    if (!shim->watches || !watches_read(shim->watches, &wr))
        return;
    const struct frame_header header = {.length = (uint32_t)wr.used, .type = BL_MSG_CHANGES};
    guest_send(shim, &header, payload);
    wait_for_events(shim, false);
}

void notify_close(struct shim *shim) {
    watches_close(shim->watches);
    shim->watches = NULL;
}

static void watch(struct shim *shim, struct rd *rd) {
    char path[2 * PATH_MAX];
    const uint8_t *bytes;
    uint32_t id = rd_u32(rd), share = rd_u32(rd), size;
    rd_bytes(rd, &bytes, &size);
    if (rd->bad || !id || size >= sizeof path || (size && memchr(bytes, 0, size))) {
        rd->bad = true;
        return;
    }
    if (size)
        memcpy(path, bytes, size);
    path[size] = 0;
    int code = add(shim, id, share, path);
    uint8_t payload[8];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, id);
    wr_u32(&wr, (uint32_t)code);
    const struct frame_header header = {.length = (uint32_t)wr.used, .type = BL_MSG_WATCHED};
    guest_send(shim, &header, payload);
}

static int add(struct shim *shim, uint32_t id, uint32_t share, const char *path) {
    bool first = shim->watches->inotify < 0;
    int code = watches_add(shim->watches, id, share, path);
    if (code == ENOSPC || code == EMFILE)
        complain(shim, code);
    if (first && shim->watches->inotify >= 0 && watch_add(&shim->watch, shim->watches->inotify, ON_NOTIFY, 0, EPOLLIN))
        return errno;
    return code;
}

/* Once: a program that meets the limit asks again and again. */
static void complain(struct shim *shim, int code) {
    char line[160];
    if (shim->watches_complained)
        return;
    shim->watches_complained = true;
    int size = snprintf(line, sizeof line, "boxlite-shim: a volume is not watched: raise the host's fs.inotify.%s\r\n",
                        code == EMFILE ? "max_user_instances" : "max_user_watches");
    console_log_append(&shim->console_log, (const uint8_t *)line, (size_t)size);
}

static void wait_for_events(struct shim *shim, bool wanted) {
    if (shim->watches->inotify >= 0)
        watch_change(&shim->watch, shim->watches->inotify, ON_NOTIFY, 0, wanted ? EPOLLIN : 0);
}
