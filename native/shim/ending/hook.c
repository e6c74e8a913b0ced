#include "hook.h"

#include <signal.h>
#include <sys/wait.h>

#include "../loop.h"
#include "on-exit.h"

enum { SHORTEST_DELAY_MS = 100, LONGEST_DELAY_MS = 60000 };

static void wait_for(struct shim *shim, uint32_t delay_ms);

void hook_begin(struct shim *shim) {
    const struct config *config = &shim->config;
    if (shim->hook.pending)
        return;
    if (config->exit_delay_ms == 0)
        (void)on_exit_run(config);
    /* A start that failed is its starter's to tell. */
    if (!config->exit_argv[0] || config->exit_delay_ms == BL_NO_ON_EXIT || config->exit_delay_ms == 0 ||
        !shim->main.started) {
        shim->exit_handled = true;
        return;
    }
    shim->hook.pending = true;
    wait_for(shim, shim->main.ran_long && config->exit_delay_ms > SHORTEST_DELAY_MS ? SHORTEST_DELAY_MS
                                                                                   : config->exit_delay_ms);
}

void hook_due(struct shim *shim) {
    if (!shim->hook.pending || shim->hook.pid)
        return;
    pid_t pid = on_exit_run(&shim->config);
    if (pid > 0)
        shim->hook.pid = pid;
    else
        hook_ended(shim, SIGKILL); /* the host is out of processes or memory: a reason to wait, too */
}

void hook_ended(struct shim *shim, int status) {
    shim->hook.pid = 0;
    if (shim->exit_handled)
        return;
    uint32_t delay_ms = shim->hook.delay_ms < LONGEST_DELAY_MS / 2 ? shim->hook.delay_ms * 2 : LONGEST_DELAY_MS;
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
        kill(shim->hook.pid, SIGKILL); /* TERM would not end one that stands still */
    return true;
}

static void wait_for(struct shim *shim, uint32_t delay_ms) {
    shim->hook.delay_ms = delay_ms;
    loop_set_deadline_ms(shim, delay_ms);
}
