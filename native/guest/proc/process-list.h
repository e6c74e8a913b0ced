/* The box's processes as the agent's own /proc shows them: the box can neither hide a process nor forge another's. */
#ifndef BOXLITE_GUEST_PROCESS_LIST_H
#define BOXLITE_GUEST_PROCESS_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../common/err.h"
#include "../../common/wire.h"

enum { PROCESS_LIST_BYTES = 512 << 10 };

/* Writes the list of STATS. What does not fit any more is left out. `first` is the box's first process. */
int process_list(struct wr *wr, pid_t first, struct err *err);

/* One process's `stat` file, without its name: which may hold anything. -1 when it can't be read. */
struct process_figures {
    uint32_t parent, terminal; /* terminal: the device's number, 0 for none */
    uint32_t threads, processor;
    uint64_t cpu_ticks, start_ticks, virtual_bytes, resident_pages;
    int nice;
    bool foreground; /* of its terminal */
    char state;
    bool exiting; /* it runs no more of its program, but may wait for others */
};
int process_stat(const char *text, struct process_figures *out);

/* Number in the namespace `depth` levels below the reader's, from a `status` file: of the process by the
 * key `NSpid`, of its group by `NSpgid`, of its session by `NSsid`; 0 when it is in none. */
uint32_t process_number_inside(const char *status, const char *key, int depth);
/* The second of the numbers after `key`, the effective one of `Uid` and `Gid`; 0 when there is none. */
uint32_t process_effective_id(const char *status, const char *key);

#endif
