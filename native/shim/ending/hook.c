#include "hook.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../system/watch.h"

static void wait_for(struct shim *shim, uint32_t delay_ms);
static pid_t run(const struct config *config);

void hook_begin(struct shim *shim) {
    const struct config *config = &shim->config;
    if (shim->hook.pending)
        return;
    if (config->exit_delay_ms == 0)
        (void)run(config);
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
    pid_t pid = run(&shim->config);
    if (pid > 0)
        shim->hook.pid = pid;
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
        kill(shim->hook.pid, SIGKILL); /* TERM would not end a stopped one */
    return true;
}

static void wait_for(struct shim *shim, uint32_t delay_ms) {
    shim->hook.delay_ms = delay_ms;
    watch_set_deadline(&shim->watch, delay_ms);
}

/* Starts on_exit without any of the shim's descriptors. Returns its pid, 0 when there is none, -1 on failure. */
static pid_t run(const struct config *config) {
    if (!config->exit_argv[0])
        return 0;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    if (setsid() < 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL) || chdir("/") ||
        close_range(3, ~0U, 0))
        _exit(126);
    execve(config->exit_argv[0], config->exit_argv, config->exit_env);
    _exit(127);
}
