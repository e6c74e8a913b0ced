/* The state of one shim, and how its parts reach each other. */
#ifndef BOXLITE_SHIM_BOX_SHIM_H
#define BOXLITE_SHIM_BOX_SHIM_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../common/err.h"
#include "../../common/queue.h"
#include "../../protocol/protocol.h"
#include "../log/console-log.h"
#include "../log/output-log.h"
#include "../log/tail.h"
#include "../system/watch.h"
#include "config.h"
#include "session-table.h"

enum {
    LIFELINE_FD = 3, /* the configuration comes from here; its end is the starter's end */
    STATUS_FD = 4,
    MAX_CLIENTS = 256,
    FIRST_SHIM_TYPE = 0x80, /* frame types from here up stop at the shim */
    FIRST_REPLY_TYPE = 0x40, /* from here to there they come from the guest */
    EXITED_BYTES = 12,
    READY_BYTES = 12,
};

/* Above this, clients are not read: what they want to send stays in their sockets. */
#define GUEST_QUEUE_LIMIT (1024U * 1024)

struct client {
    int fd;
    uint32_t id;   /* from 1, never used twice */
    uint32_t slot; /* in `clients` */
    struct queue in, out;
    uint32_t session_count, highest_session;
    bool dead;     /* closed at the end of this turn of the loop */
    bool attached, own_exit;
    bool paused;   /* not read while the guest's queue is full */
    bool hung_up;  /* its end was seen while paused */
    bool watched;
    uint32_t events;  /* what epoll waits for */
    uint64_t acked;   /* bytes of main's output it has consumed, counted from main's start */
    uint32_t stdin_held; /* bytes of its stdin for main that wait here */
};

/* The box's command, session 1. Its flow control ends here: any number of clients see its output and
 * may feed it. */
struct main_session {
    uint32_t requested_by; /* a client's id; 0 = nobody asked to start it yet */
    bool requested, started, exited, failed;
    uint8_t exited_payload[EXITED_BYTES];
    uint64_t started_ms;         /* monotonic */
    bool ran_long;               /* long enough for a restart to begin its delays anew */
    uint64_t received, credited; /* bytes of output from the guest, and returned to it as credit */
    struct queue stdin_frames;   /* session number = the id of the client it came from */
    uint32_t stdin_on_the_way;
};

struct vmm {
    pid_t pid; /* 0 once it has been reaped */
    int port_fd, console_fd, output_fd;
    int ids_fd; /* keeps its user from being given to another; see vmm/ids.h */
    bool killed; /* its end was asked for */
    bool stopped; /* the kernel says that it stands still */
};

/* on_exit, when the shim stays with it. */
struct hook {
    bool pending; /* it waits for its time, or runs */
    pid_t pid;    /* 0: it does not run */
    uint32_t delay_ms;
};

struct health_check {
    uint8_t *payload;
    uint32_t size;
};

/* The last checks of the box's health, oldest first. */
struct health_log {
    struct health_check checks[BL_LIMIT_HEALTH_CHECKS];
    uint32_t count;
    bool dirty, waiting; /* not in the file yet; the timer runs for it */
    uint64_t written_ms;
    int timer_fd; /* -1 until it is needed */
};

struct shim {
    struct config config;
    int lock_fd, listen_fd, qmp_fd, signal_fd;
    struct watch watch;
    uint32_t phase, stage; /* BL_SHIM_PHASE_*, BL_STAGE_* */
    struct vmm vmm;
    bool faulted; /* we ended the VMM ourselves, because of `fault` */
    struct err fault;
    const char *vmm_end; /* of a start that failed: "", exited, aborted, signalled or requested */

    bool ready;
    uint8_t ready_payload[READY_BYTES];
    struct queue to_guest, from_guest;
    bool port_wants_room;
    struct main_session main;
    struct session_table sessions;
    struct client *clients[MAX_CLIENTS];
    uint32_t client_count, last_client_id;

    struct output_log output_log;
    struct console_log console_log;
    struct tail console_tail, vmm_tail;

    struct health_log health;
    bool boot_error_written;
    int unsynced_fd;  /* a fact that is in place and not yet on the disk, or -1 */
    bool ended;       /* the VMM is gone and the facts are there */
    bool give_up;     /* its end was asked for after the VMM's: the loop then ends what still waits */
    bool exit_handled; /* somebody folds the end in, or on_exit has done all that it will */
    struct hook hook;
};

#endif
