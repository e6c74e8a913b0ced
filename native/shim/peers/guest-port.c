#include "guest-port.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../loop.h"
#include "../relay/clients.h"
#include "../relay/from-guest.h"
#include "../vmm/vmm.h"

enum { READ_BYTES = 65536, CLOSED_PORT_SECONDS = 10 };

static bool receive(struct shim *shim);
static void handle_frames(struct shim *shim);

void guest_send(struct shim *shim, const struct frame_header *header, const void *payload) {
    if (shim->vmm.port_fd < 0)
        return;
    /* Clients are paused long before this; only a guest that reads nothing at all gets here. */
    if (queue_push_frame(&shim->to_guest, header, payload))
        vmm_fault(shim, EPROTO, "the guest does not read its control port");
}

void port_event(struct shim *shim, uint32_t events) {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        (void)receive(shim);
}

void port_settle(struct shim *shim) {
    if (shim->vmm.port_fd < 0)
        return;
    if (shim->to_guest.used && queue_write(&shim->to_guest, shim->vmm.port_fd) < 0 && errno != EAGAIN)
        queue_drop(&shim->to_guest, shim->to_guest.used);
    /* A paused client goes on at the end of a turn: as long as there is one, there must be a next turn. */
    bool wanted = shim->to_guest.used > 0 || clients_any_paused(shim);
    uint32_t events = EPOLLIN | (wanted ? EPOLLOUT : 0);
    if (wanted != shim->port_wants_room && loop_watch(shim, shim->vmm.port_fd, ON_PORT, 0, events, true) == 0)
        shim->port_wants_room = wanted;
}

void port_drain(struct shim *shim) {
    while (receive(shim))
        ;
}

/* False when there is nothing more for now, or for ever. */
static bool receive(struct shim *shim) {
    if (shim->vmm.port_fd < 0)
        return false;
    ssize_t n = queue_read(&shim->from_guest, shim->vmm.port_fd, READ_BYTES);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n > 0) {
        handle_frames(shim);
        return true;
    }
    /* A VMM closes its port when it ends. One that then stays can't serve a box any more. */
    loop_unwatch(shim, shim->vmm.port_fd);
    close(shim->vmm.port_fd);
    shim->vmm.port_fd = -1;
    loop_set_deadline(shim, CLOSED_PORT_SECONDS);
    return false;
}

static void handle_frames(struct shim *shim) {
    struct frame frame;
    int found;
    while ((found = queue_frame(&shim->from_guest, &frame)) > 0) {
        /* Once the VMM is being killed for what the guest sent, nothing it says counts. */
        if (!shim->faulted)
            from_guest(shim, &frame);
        queue_drop(&shim->from_guest, frame_bytes(&frame));
    }
    if (found < 0) {
        vmm_fault(shim, EPROTO, "the guest sent a frame that breaks the format");
        queue_drop(&shim->from_guest, shim->from_guest.used);
    }
}
