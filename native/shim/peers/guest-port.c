#include "guest-port.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../system/watch.h"
#include "../vmm/vmm.h"

enum { READ_BYTES = 65536, CLOSED_PORT_MS = 10000 };

void guest_send(struct shim *shim, const struct frame_header *header, const void *payload) {
    if (shim->vmm.port_fd < 0)
        return;
    /* The shim stops reading clients long before this; only a guest that reads nothing at all gets here. */
    if (queue_push_frame(&shim->to_guest, header, payload))
        vmm_fault(shim, EPROTO, "the guest does not read its control port");
}

bool guest_port_receive(struct shim *shim) {
    if (shim->vmm.port_fd < 0)
        return false;
    ssize_t n = queue_read(&shim->from_guest, shim->vmm.port_fd, READ_BYTES);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n > 0)
        return true;
    /* A VMM closes its port when it ends. One that then stays can't serve a box any more. */
    watch_remove(&shim->watch, shim->vmm.port_fd);
    close(shim->vmm.port_fd);
    shim->vmm.port_fd = -1;
    watch_set_deadline(&shim->watch, CLOSED_PORT_MS);
    return false;
}

void guest_port_settle(struct shim *shim, bool more) {
    if (shim->vmm.port_fd < 0)
        return;
    if (shim->to_guest.used && queue_write(&shim->to_guest, shim->vmm.port_fd) < 0 && errno != EAGAIN)
        queue_drop(&shim->to_guest, shim->to_guest.used);
    bool wanted = shim->to_guest.used > 0 || more;
    uint32_t events = EPOLLIN | (wanted ? EPOLLOUT : 0);
    if (wanted != shim->port_wants_room && watch_change(&shim->watch, shim->vmm.port_fd, ON_PORT, 0, events) == 0)
        shim->port_wants_room = wanted;
}
