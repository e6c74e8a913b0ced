#include "idle.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../common/err.h"
#include "console.h"
#include "root.h"
#include "text-file.h"

#if defined(__x86_64__)
#include <sys/io.h>
#endif

static void set(const char *path, const char *value);
static void stop_interval_timer(void);

void idle_prepare(void) {
    stop_interval_timer();
    /* kcompactd looks twice a second whether memory should be compacted ahead of need; on demand it still is. */
    set("/proc/sys/vm/compaction_proactiveness", "0");
    /* Each second the counters of each processor are added up; memory is accounted for exactly without that. */
    set("/proc/sys/vm/stat_interval", "60");
}

/* A kernel may have been built without it. */
static void set(const char *path, const char *value) {
    struct err err;
    if (access(path, F_OK) == 0 && write_file(path, value, &err))
        complain("%s", err.msg);
}

/* Channel 0 of the 8254 goes on with 36 edges a second when the kernel has gone over to the processor's own timer:
 * Linux stops it from 6.13 on (drivers/clocksource/i8253.c). A single count that has run out is its end. */
static void stop_interval_timer(void) {
#if defined(__x86_64__)
    char device[16];
    /* A machine without the processor's own timer runs by this one. */
    if (read_text("/sys/devices/system/clockevents/clockevent0/current_device", device, sizeof device) ||
        strncmp(device, "pit", 3) == 0)
        return;
    enum { COUNTER_0 = 0x40, CONTROL = 0x43, ONE_SHOT_OF_COUNTER_0 = 0x30 };
    if (ioperm(COUNTER_0, CONTROL - COUNTER_0 + 1, 1)) {
        complain("can't stop the interval timer: %s", strerror(errno));
        return;
    }
    outb(ONE_SHOT_OF_COUNTER_0, CONTROL);
    outb(0, COUNTER_0);
    outb(0, COUNTER_0);
    ioperm(COUNTER_0, CONTROL - COUNTER_0 + 1, 0);
#endif
}
