/* The state of one shim. Handlers read and change it; the loop acts on what it holds at the end of a turn. */
#ifndef BOXLITE_SHIM_BOX_SHIM_H
#define BOXLITE_SHIM_BOX_SHIM_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../common/err.h"
#include "../../common/queue.h"
#include "../../protocol/protocol.h"
#include "../group/group.h"
#include "../log/console-log.h"
#include "../log/output-log.h"
#include "../log/tail.h"
#include "../system/process-identity.h"
#include "../system/watch.h"
#include "config.h"
#include "session-table.h"

struct watches;

enum {
    LIFELINE_FD = 3, /* carries the configuration; closes when the starter ends */
    STATUS_FD = 4,
    MAX_CLIENTS = 256,
    FIRST_SHIM_TYPE = 0x80, /* the shim handles frame types from here up itself */
    FIRST_REPLY_TYPE = 0x40, /* the guest sends those from here up to there */
    EXITED_BYTES = 12,
    READY_BYTES = 12,
    MAX_REFUSALS = 8, /* more than there are walls */
    MAX_NET_REQUESTS = 32, /* so the socket of boxlite-net has room for all of them */
};

/* Above this the shim reads no client: what they send stays in their sockets. */
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
    bool hung_up;  /* the peer closed while paused */
    bool watched;
    uint32_t events;  /* what epoll waits for */
    uint64_t acked;   /* bytes of main's output it has consumed, counted from main's start */
    uint32_t stdin_held; /* bytes of its stdin for main that wait here */
};

/* The box's command, session 1. The shim ends its flow control: any number of clients may read its output and
 * write its stdin. */
struct main_session {
    uint32_t requested_by; /* a client's id; 0: no client has asked to start it yet */
    bool requested, started, exited, failed;
    uint8_t exited_payload[EXITED_BYTES];
    uint64_t started_ms;         /* monotonic */
    bool ran_long;               /* long enough to reset the delay of a restart */
    uint64_t received, credited; /* bytes of output from the guest, and returned to it as credit */
    struct queue stdin_frames;   /* session number = the id of the client it came from */
    uint32_t stdin_on_the_way;
};

/* A wall of the VMM's jail that this host does not allow. */
struct refusal {
    uint32_t wall; /* BL_WALL_* */
    struct err err;
};

struct vmm {
    pid_t pid; /* 0 once it has been reaped */
    struct process_files files;
    int inherited_filters; /* of system calls, that the shim had and it therefore has, too */
    int port_fd, console_fd, output_fd;
    int ids_fd; /* keeps its user reserved; see vmm/ids.h */
    uint32_t walls; /* BL_WALL_*: those that stand, and those around the shim */
    struct refusal refused[MAX_REFUSALS];
    uint32_t refused_count;
    struct vmm_group group; /* that bounds it, if BL_WALL_CGROUP stands */
    bool heard; /* something of its guest */
    bool killed; /* somebody has asked for its end before it came by itself */
    bool shot; /* the shim has sent it SIGKILL before it came by itself */
    bool stopped; /* the kernel reports it as stopped */
    bool out_of_bounds; /* killed for more memory than its group allows */
};

enum net_request_kind {
    NET_REQUEST_POLICY,
    NET_REQUEST_RATES,
    NET_REQUEST_PUBLISH,
    NET_REQUEST_UNPUBLISH,
    NET_REQUEST_TAKE_BACK,
    NET_REQUEST_CONNECT,
    NET_REQUEST_DISCONNECT,
    NET_REQUEST_JOIN_AGAIN, /* the shim's own */
};

/* What a client has asked of boxlite-net, until that has answered. */
struct net_request {
    enum net_request_kind kind;
    uint32_t client, session; /* whose it is; the answer bears the session */
    struct published_port port;
    uint32_t link; /* its id */
    struct net_policy *policy; /* that counts from the answer on */
};

/* The log of what was decided of the box's packets. */
struct decision_log {
    int fd; /* -1: nothing has been written yet */
    uint64_t size, second;
    uint32_t in_second, left_out;
};

/* boxlite-net, the box's network. */
struct net {
    pid_t pid; /* 0: it does not run */
    int control_fd, output_fd; /* -1: none */
    int frames_fd; /* the VMM's end of the frames' stream, until the VMM starts */
    int ids_fd;    /* keeps its user reserved; see vmm/ids.h */
    int sockets[BL_LIMIT_MAX_PORTS]; /* of published ports, until boxlite-net has them */
    uint32_t socket_count;
    uint32_t outstanding; /* answers that it owes to the start */
    struct net_request requests[MAX_NET_REQUESTS]; /* a ring: it answers them in their order */
    uint32_t first_request, request_count;
    uint32_t last_publication; /* the highest id */
    uint32_t last_link;        /* the highest id */
    int links_timer_fd;        /* -1 until a link is lost */
    struct decision_log decisions;
    uint64_t started_ms;  /* monotonic */
    struct tail tail;     /* of its stderr */
};

/* Does what the shim itself may not any more; see broker/broker.h. */
struct broker {
    pid_t pid; /* 0: there is none */
    int fd;    /* -1: there is none */
};

/* on_exit, while the shim waits for it. */
struct hook {
    bool pending; /* its delay or its process runs */
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
    struct process_identity self;
    int lock_fd, listen_fd, qmp_fd, signal_fd;
    struct watch watch;
    uint32_t phase, stage; /* BL_SHIM_PHASE_*, BL_STAGE_* */
    struct vmm vmm;
    struct net net;
    struct broker broker;
    bool faulted; /* the shim killed the VMM because of `fault` */
    struct err fault;
    const char *vmm_end; /* of a start that failed: "", exited, aborted, signalled or requested */
    int vmm_signal;      /* that killed the VMM, and that neither the shim sent nor somebody asked for; 0: none */

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

    struct watches *watches; /* NULL: no volume is watched; see notify/watches.h */
    bool watches_complained;

    struct health_log health;
    bool boot_error_written;
    int unsynced_fd;  /* a record that is in place and not yet on the disk, or -1 */
    bool ended;       /* the VMM is gone and the records are written */
    bool give_up;     /* SIGTERM came after the VMM's end: cancels the hook, or drops the clients */
    bool exit_handled; /* a client has recorded the end, or on_exit is done */
    struct hook hook;
};

#endif
