#include "ending.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../box/directory.h"
#include "../box/records.h"
#include "../net/net.h"
#include "../notify/notify.h"
#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../relay/from-guest.h"
#include "../requests/net-event.h"
#include "../session/main-session.h"
#include "../system/clock.h"
#include "../system/watch.h"
#include "../vmm/output.h"
#include "../vmm/vmm.h"
#include "hook.h"

enum { SHUTDOWN_MS = 10000, KILLED_CODE = 137, KILLED_SIGNAL = 9, MIB = 1 << 20 };

static void write_record(struct shim *shim, int status);
static bool ended_by_itself(int status);
static struct err describe(const struct shim *shim, int status);
static void begin_hook(struct shim *shim);
static void drop_clients(struct shim *shim, bool all);
static bool is_done(const struct shim *shim, const struct client *client);
static bool is_owed(const struct client *client);

void ending_asked_for(struct shim *shim) {
    bool again = shim->vmm.killed;
    vmm_wanted_ended(shim);
    if (!shim->vmm.pid) {
        /* The VMM may have ended in this same turn: then what follows its end has not begun yet. */
        shim->give_up = true;
    } else if (again || !shim->main.started) {
        vmm_kill(shim);
    } else {
        guest_send(shim, &(struct frame_header){.type = BL_MSG_SHUTDOWN}, NULL);
        vmm_continue(shim);
        watch_set_deadline(&shim->watch, SHUTDOWN_MS);
    }
}

void ending_vmm_ended(struct shim *shim, int status) {
    from_guest_drain(shim);
    vmm_output_drain(shim);
    if (shim->vmm.port_fd >= 0) {
        close(shim->vmm.port_fd);
        shim->vmm.port_fd = -1;
    }
    queue_free(&shim->to_guest);
    notify_close(shim);
    watch_set_deadline(&shim->watch, 0);
    shim->main.ran_long = shim->main.started && clock_monotonic_ms() - shim->main.started_ms >= BL_RESTART_LONG_RUN_MS;

    write_record(shim, status);
    group_end(&shim->vmm.group);
    /* A client that receives GONE finds no process of the box, so what takes long comes first. */
    records_sync(shim);
    net_stop(shim);
    net_requests_fail(shim, &(struct err){.code = ESHUTDOWN, .msg = "the box has ended"});
    directory_release(shim);
    clients_broadcast(shim, &(struct frame_header){.type = BL_MSG_GONE}, NULL);
    shim->phase = BL_SHIM_PHASE_EXITED;
    shim->ended = true;
}

bool ending_settle(struct shim *shim) {
    if (!shim->ended)
        return false;
    begin_hook(shim);
    if (shim->give_up) {
        shim->give_up = false;
        if (!hook_cancel(shim))
            drop_clients(shim, true);
        begin_hook(shim);
    }
    /* A client whose connection closes assumes that nothing is left of the box. So a shim that has nothing else to
     * do leaves closing to the kernel, which does it after the process has released everything else. */
    if (ending_is_over(shim))
        return false;
    drop_clients(shim, false);
    return true;
}

bool ending_is_over(const struct shim *shim) {
    if (!shim->ended || !shim->exit_handled || shim->hook.pid)
        return false;
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && is_owed(shim->clients[i]))
            return false;
    return true;
}

/* Unless a client has undertaken to record the end. */
static void begin_hook(struct shim *shim) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && !shim->clients[i]->dead && shim->clients[i]->own_exit)
            return;
    if (!shim->exit_handled)
        hook_begin(shim);
}

/* All of them, or those that have received everything. */
static void drop_clients(struct shim *shim, bool all) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && (all || is_done(shim, shim->clients[i])))
            client_drop(shim, shim->clients[i]);
}

static bool is_done(const struct shim *shim, const struct client *client) {
    return !is_owed(client) && (!client->own_exit || shim->exit_handled);
}

static bool is_owed(const struct client *client) { return !client->dead && client->out.used > 0; }

static void write_record(struct shim *shim, int status) {
    if (shim->main.exited)
        return;
    bool ours = shim->vmm.killed || (shim->vmm.shot && WTERMSIG(status) == SIGKILL);
    if (WIFSIGNALED(status) && !ours)
        shim->vmm_signal = WTERMSIG(status);
    shim->vmm.out_of_bounds = shim->vmm_signal == SIGKILL && group_shortage(&shim->vmm.group) == SHORTAGE_OF_BOUND;
    if (shim->main.started) {
        struct err why = describe(shim, status);
        if (!shim->faulted && !shim->vmm.killed) {
            shim->fault = why;
            shim->faulted = true;
        }
        bool timed_out = main_timed_out(shim);
        uint32_t flags = (timed_out ? BL_EXIT_TIMED_OUT : 0) | (shim->vmm.out_of_bounds ? BL_EXIT_OOM : 0);
        records_write_exit(shim, KILLED_CODE, KILLED_SIGNAL, flags,
                           shim->vmm.killed || timed_out ? "killed" : "vmm-died");
        return;
    }
    /* A template's machine ends when its work is done, which is no failure unless its agent was never ready. */
    bool was_ready = shim->stage >= BL_STAGE_BOOTSTRAP;
    if ((shim->config.flags & BL_SHIM_FLAG_TEMPLATE) && was_ready && !shim->faulted && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0)
        return;
    struct err why = describe(shim, status);
    bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; /* an assertion of its own */
    bool requested = shim->vmm.killed && !ended_by_itself(status);
    shim->vmm_end = requested ? "requested" : aborted ? "aborted" : WIFSIGNALED(status) ? "signalled" : "exited";
    records_write_boot_error(shim, shim->stage, &why);
}

/* A VMM that fails often gets a signal as well, from whoever noticed. */
static bool ended_by_itself(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) == SIGABRT;
}

static struct err describe(const struct shim *shim, int status) {
    if (shim->faulted)
        return shim->fault;
    struct err why = {0};
    if (shim->vmm.killed && !ended_by_itself(status))
        snprintf(why.msg, sizeof why.msg, "the VMM was ended on request");
    else if (shim->vmm.out_of_bounds)
        snprintf(why.msg, sizeof why.msg, "the VMM used more memory than the %" PRIu64 " MiB of its control group",
                 shim->vmm.group.bounds.memory / MIB);
    else if (WIFSIGNALED(status))
        snprintf(why.msg, sizeof why.msg, "the VMM was killed by signal %d", WTERMSIG(status));
    else
        snprintf(why.msg, sizeof why.msg, "the VMM ended with status %d", WEXITSTATUS(status));
    return why;
}
