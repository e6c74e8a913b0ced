#include "hook.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "../broker/broker.h"
#include "../system/watch.h"

static void wait_for(struct shim *shim, uint32_t delay_ms);

void hook_begin(struct shim *shim) {
    const struct config *config = &shim->config;
    if (shim->hook.pending)
        return;
    if (config->exit_delay_ms == 0 && config->exit_argv[0])
        (void)broker_run_hook(shim);
    /* A start that failed is its starter's to report. */
    if (!config->exit_argv[0] || config->exit_delay_ms == BL_NO_ON_EXIT || config->exit_delay_ms == 0 ||
        !shim->main.started) {
        shim->exit_handled = true;
        return;
    }
    shim->hook.pending = true;
    wait_for(shim, shim->main.ran_long && config->exit_delay_ms > BL_RESTART_FIRST_MS ? BL_RESTART_FIRST_MS
                                                                                      : config->exit_delay_ms);
}

void hook_due(struct shim *shim) {
    if (!shim->hook.pending || shim->hook.pid)
        return;
    pid_t pid = broker_run_hook(shim);
    if (pid > 0)
        shim->hook.pid = pid;
    else if (errno == EPIPE)
        shim->exit_handled = true; /* whoever looks at the box next finds its end */
    else
        hook_ended(shim, SIGKILL); /* the host is out of processes or memory: waiting helps here, too */
}

void hook_ended(struct shim *shim, int status) {
    shim->hook.pid = 0;
    if (shim->exit_handled)
        return;
    uint32_t delay_ms = shim->hook.delay_ms < BL_RESTART_LONGEST_MS / 2 ? shim->hook.delay_ms * 2
                                                                        : BL_RESTART_LONGEST_MS;
    if (WIFSIGNALED(status))
        wait_for(shim, delay_ms);
    else
        shim->exit_handled = true;
}

bool hook_cancel(struct shim *shim) {
    if (!shim->hook.pending || shim->exit_handled)
        return false;
    shim->exit_handled = true;
    if (shim->hook.pid)
        broker_kill_hook(shim);
    return true;
}

static void wait_for(struct shim *shim, uint32_t delay_ms) {
    shim->hook.delay_ms = delay_ms;
    watch_set_deadline(&shim->watch, delay_ms);
}
