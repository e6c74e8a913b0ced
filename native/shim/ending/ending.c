#include "ending.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../box/directory.h"
#include "../box/records.h"
#include "../peers/client.h"
#include "../peers/guest-port.h"
#include "../relay/from-guest.h"
#include "../session/main-session.h"
#include "../system/clock.h"
#include "../system/watch.h"
#include "../vmm/output.h"
#include "../vmm/vmm.h"
#include "hook.h"

enum { LONG_RUN_MS = 10000, SHUTDOWN_MS = 10000, KILLED_CODE = 137, KILLED_SIGNAL = 9 };

static void write_record(struct shim *shim, int status);
static bool ended_by_itself(int status);
static struct err describe(const struct shim *shim, int status);
static void begin_hook(struct shim *shim);
static void drop_clients(struct shim *shim, bool all);
static bool is_done(const struct shim *shim, const struct client *client);
static bool is_owed(const struct client *client);

void ending_asked_for(struct shim *shim) {
    bool again = shim->vmm.killed;
    shim->vmm.killed = true;
    if (!shim->vmm.pid) {
        /* The VMM may have ended with this very signal: then what follows its end has not begun yet. */
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
    watch_set_deadline(&shim->watch, 0);
    shim->main.ran_long = shim->main.started && clock_monotonic_ms() - shim->main.started_ms >= LONG_RUN_MS;

    write_record(shim, status);
    /* Who is told that the box has gone finds nobody of it: what takes long comes before. */
    records_sync(shim);
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
    /* Who sees his connection close goes on as if nothing were left of the box. So a shim that has nothing else
     * to do leaves that to the kernel, which closes what is open after the process has let go of all else. */
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

/* Unless a client is to fold the end in. */
static void begin_hook(struct shim *shim) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && !shim->clients[i]->dead && shim->clients[i]->own_exit)
            return;
    if (!shim->exit_handled)
        hook_begin(shim);
}

/* All, or those that nothing more is owed to. */
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
    if (shim->main.started) {
        struct err why = describe(shim, status);
        if (!shim->faulted && !shim->vmm.killed) {
            shim->fault = why;
            shim->faulted = true;
        }
        bool timed_out = main_timed_out(shim);
        records_write_exit(shim, KILLED_CODE, KILLED_SIGNAL, timed_out ? BL_EXIT_TIMED_OUT : 0,
                         shim->vmm.killed || timed_out ? "killed" : "vmm-died");
        return;
    }
    /* The end of a machine that has done its work is no failure; one whose agent was never ready has done none. */
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

/* A VMM that fails is often told to end as well, by who has noticed. */
static bool ended_by_itself(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) == SIGABRT;
}

static struct err describe(const struct shim *shim, int status) {
    if (shim->faulted)
        return shim->fault;
    struct err why = {0};
    if (shim->vmm.killed && !ended_by_itself(status))
        snprintf(why.msg, sizeof why.msg, "the VMM was ended on request");
    else if (WIFSIGNALED(status))
        snprintf(why.msg, sizeof why.msg, "the VMM was killed by signal %d", WTERMSIG(status));
    else
        snprintf(why.msg, sizeof why.msg, "the VMM ended with status %d", WEXITSTATUS(status));
    return why;
}
