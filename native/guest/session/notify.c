#include "notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../protocol/protocol.h"
#include "../notify/packet.h"
#include "../system/console.h"

static void lose(struct server *server);

void notify_to_host(struct server *server) {
    static uint8_t packet[NOTIFY_PACKET_BYTES];
    while (server->box->notifier >= 0) {
        ssize_t size = recv(server->box->notifier, packet, sizeof packet, 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (size <= 0)
            lose(server);
        else
            port_send(server->port, BL_SESSION_CONTROL, *packet, packet + 1, (size_t)size - 1);
    }
}

/* There is always room: the host sends one batch of changes at a time, and one answer to each question. */
void notify_from_host(struct server *server, const struct message *message) {
    static uint8_t packet[NOTIFY_PACKET_BYTES];
    if (server->box->notifier < 0 || message->size > BL_LIMIT_MAX_PAYLOAD)
        return;
    *packet = message->type;
    memcpy(packet + 1, message->payload, message->size);
    if (send(server->box->notifier, packet, message->size + 1, MSG_NOSIGNAL) < 0)
        lose(server);
}

/* Its listeners close with it: what the box watches from now on fails with ENOSYS, and programs then poll. */
static void lose(struct server *server) {
    complain("the process that answers for inotify has died");
    close(server->box->notifier);
    server->box->notifier = -1;
}
