#include "pause.h"

#include <errno.h>
#include <signal.h>

#include "../peers/client.h"
#include "../vmm/vmm.h"

static bool runs(struct shim *shim, struct client *client);

void pause_request(struct shim *shim, struct client *client) {
    if (!runs(shim, client))
        return;
    if (shim->vmm.stopped)
        client_welcome(shim, client);
    else
        kill(shim->vmm.pid, SIGSTOP);
}

void resume_request(struct shim *shim, struct client *client) {
    if (!runs(shim, client))
        return;
    /* Sent to a running VMM as well: SIGCONT discards a SIGSTOP that is pending. */
    kill(shim->vmm.pid, SIGCONT);
    if (!shim->vmm.stopped)
        client_welcome(shim, client);
}

void pause_changed(struct shim *shim, bool stopped) {
    shim->vmm.stopped = stopped;
    /* Before main runs nothing can be paused. After it the guest only powers off; the shim may read later what it sent
     * before it was stopped. */
    if (!shim->main.started)
        return;
    if (shim->main.exited) {
        if (stopped)
            vmm_continue(shim);
        return;
    }
    shim->phase = stopped ? BL_SHIM_PHASE_PAUSED : BL_SHIM_PHASE_RUNNING;
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i])
            client_welcome(shim, shim->clients[i]);
}

static bool runs(struct shim *shim, struct client *client) {
    if (shim->main.started && !shim->main.exited && shim->vmm.pid)
        return true;
    client_refuse(shim, client, BL_SESSION_CONTROL, ESHUTDOWN, "the box does not run");
    return false;
}
