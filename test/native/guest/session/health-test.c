#include <errno.h>
#include <string.h>

#include "../check.h"
#include "common/wire.h"
#include "guest/session/health.h"

static uint8_t bytes[1024];
static struct err err;

static size_t write_healthcheck(uint32_t interval, uint32_t retries, bool whole) {
    uint8_t command[256];
    struct wr exec = {.p = command, .size = sizeof command};
    wr_u32(&exec, 0);
    wr_u16(&exec, 0);
    wr_u16(&exec, 0);
    wr_u32(&exec, 0);
    wr_u64(&exec, 0);
    wr_u16(&exec, 1000);
    wr_bytes(&exec, "", 0);
    wr_u32(&exec, 0);
    wr_bytes(&exec, "/", 1);
    wr_u32(&exec, 1);
    wr_bytes(&exec, "true", 4);
    wr_u32(&exec, 0);
    wr_u32(&exec, 0);
    struct wr wr = {.p = bytes, .size = sizeof bytes};
    wr_u32(&wr, interval);
    wr_u32(&wr, 1000);
    wr_u32(&wr, 0);
    wr_u32(&wr, 5000);
    wr_u32(&wr, retries);
    wr_bytes(&wr, command, (uint32_t)(whole ? exec.used : exec.used - 1));
    return wr.used;
}

static int configure(struct health *health, size_t size) {
    memset(&err, 0, sizeof err);
    return health_configure(health, bytes, size, &err);
}

int main(void) {
    struct health health = {.wanted = false};
    size_t size = write_healthcheck(100, 3, true);
    for (size_t cut = 0; cut < size; cut++)
        check("a healthcheck cut short is refused", configure(&health, cut) == -1 && err.code == EPROTO);
    check("so is one without a pause", configure(&health, write_healthcheck(0, 3, true)) == -1);
    check("and one without a failure to count", configure(&health, write_healthcheck(100, 0, true)) == -1);
    check("and one whose command is malformed", configure(&health, write_healthcheck(100, 3, false)) == -1);
    check("none of them is kept", !health.wanted);
    check("before one is, there is nothing to do", health_turn(&health, NULL, NULL, true) == UINT64_MAX);

    check("a whole one is taken", configure(&health, write_healthcheck(100, 3, true)) == 0 && health.wanted);
    check("with its times in nanoseconds",
          health.plan.interval_ns == 100000000 && health.plan.timeout_ns == 1000000000 && health.plan.retries == 3);
    check("and its command", strcmp(health.command.argv[0], "true") == 0);
    check("a second is refused", configure(&health, size) == -1 && err.code == EPROTO);
    check("before main runs nothing is due", health_turn(&health, NULL, NULL, false) == UINT64_MAX);
    check("once it does, the first check is due after the interval",
          health_turn(&health, NULL, NULL, true) == health.main_began_ns + 100000000);
    exec_request_free(&health.command);
    return 0;
}
