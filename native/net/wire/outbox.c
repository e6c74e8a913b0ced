#include "outbox.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The rest of the room is for messages: all members of a network with all their names. */
enum { PACKET_BYTES = 448 * 1024, ROOM_BYTES = 1024 * 1024 };

static int send_now(const struct outbox *outbox, const void *datagram, size_t size);
static int keep(struct outbox *outbox, const void *datagram, size_t size);

void outbox_open(struct outbox *outbox, int fd) { *outbox = (struct outbox){.fd = fd, .waiting.cap = ROOM_BYTES}; }

void outbox_close(struct outbox *outbox) { queue_free(&outbox->waiting); }

int outbox_packet(struct outbox *outbox, const void *packet, size_t size) {
    int sent = outbox_waits(outbox) ? 0 : send_now(outbox, packet, size);
    if (sent)
        return sent < 0 ? -1 : 0;
    if (outbox->waiting.used + sizeof(uint32_t) + size > PACKET_BYTES || keep(outbox, packet, size))
        outbox->dropped++;
    return 0;
}

int outbox_message(struct outbox *outbox, const void *message, size_t size) {
    int sent = outbox_waits(outbox) ? 0 : send_now(outbox, message, size);
    return sent < 0 || (sent == 0 && keep(outbox, message, size)) ? -1 : 0;
}

int outbox_flush(struct outbox *outbox) {
    while (outbox_waits(outbox)) {
        const uint8_t *first = queue_bytes(&outbox->waiting);
        uint32_t size;
        memcpy(&size, first, sizeof size);
        int sent = send_now(outbox, first + sizeof size, size);
        if (sent <= 0)
            return sent;
        queue_drop(&outbox->waiting, sizeof size + size);
    }
    return 0;
}

/* 1: it is sent, or can never be, being too large for the kernel's buffer; 0: later. */
static int send_now(const struct outbox *outbox, const void *datagram, size_t size) {
    if (send(outbox->fd, datagram, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EMSGSIZE)
        return 1;
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM ? 0 : -1;
}

static int keep(struct outbox *outbox, const void *datagram, size_t size) {
    uint32_t length = (uint32_t)size;
    if (outbox->waiting.used + sizeof length + size > outbox->waiting.cap)
        return -1;
    /* Half a datagram can't stay: the second push needs memory, too. */
    if (queue_push(&outbox->waiting, &length, sizeof length))
        return -1;
    if (queue_push(&outbox->waiting, datagram, size) == 0)
        return 0;
    outbox->waiting.used -= sizeof length;
    return -1;
}
