#include "join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct place *holder(struct hub *hub, const struct hub_member *member);
static bool hung_up(const struct place *place);
static int add(struct hub *hub, struct place *place, const struct hub_member *member);
static int welcome(const struct hub *hub, struct place *place, const struct hub_member *own);
static void tell(struct hub *hub, const struct place *except, const void *message, size_t size);

int join_read(struct hub *hub, struct place *place, const uint8_t *datagram, size_t size) {
    struct hub_member member;
    struct place *other;
    if (size == sizeof(struct hub_replaced) && datagram[0] == HUB_REPLACED) {
        hub->replaced = true;
        return -1;
    }
    if (member_read(datagram, size, HUB_JOIN, &member)) {
        join_refuse(place->fd, EPROTO, "the hub does not know this message");
        return -1;
    }
    if (member.generation != HUB_GENERATION) {
        join_refuse(place->fd, EPROTO,
                    "the network's hub is of another version of BoxLite; stop all boxes in it first");
        return -1;
    }
    /* A box that starts again is here before we have seen its last connection close. */
    while ((other = holder(hub, &member)) && (other->lost || hung_up(other)))
        join_end(hub, other);
    if (other) {
        join_refuse(place->fd, EADDRINUSE, "another box of the network has the address");
        return -1;
    }
    if (hub->member_count == HUB_MAX_MEMBERS) {
        join_refuse(place->fd, ENOSPC, "the network has as many boxes as it can have");
        return -1;
    }
    return add(hub, place, &member);
}

void join_refuse(int fd, int code, const char *text) {
    struct hub_answer answer = {.type = HUB_ANSWER, .code = code};
    snprintf(answer.text, sizeof answer.text, "%s", text);
    (void)!send(fd, &answer, sizeof answer, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static struct place *holder(struct hub *hub, const struct hub_member *member) {
    for (uint32_t i = 0; i < hub->place_count; i++) {
        const struct hub_member *other = hub->places[i].member;
        if (other && (other->address == member->address || IN6_ARE_ADDR_EQUAL(&other->address6, &member->address6)))
            return &hub->places[i];
    }
    return NULL;
}

static bool hung_up(const struct place *place) {
    struct pollfd fd = {.fd = place->fd};
    return poll(&fd, 1, 0) == 1 && fd.revents & (POLLHUP | POLLERR);
}

/* The newcomer's answer comes before all else, and the others hear of it before any packet of its. One that has gone by
 * then has never been here. */
static int add(struct hub *hub, struct place *place, const struct hub_member *member) {
    size_t size = member_size(member);
    struct hub_member *kept = malloc(size);
    if (!kept) {
        join_refuse(place->fd, ENOMEM, "the hub has no memory for another member");
        return -1;
    }
    memcpy(kept, member, size);
    kept->type = HUB_MEMBER;
    kept->generation = 0;
    if (welcome(hub, place, kept)) {
        free(kept);
        return -1;
    }
    place->member = kept;
    hub->member_count++;
    hub->over = false; /* its address was the last other member's */
    tell(hub, place, kept, size);
    return 0;
}

static int welcome(const struct hub *hub, struct place *place, const struct hub_member *own) {
    const struct hub_answer answer = {.type = HUB_ANSWER};
    if (outbox_message(&place->out, &answer, sizeof answer))
        return -1;
    for (uint32_t i = 0; i < hub->place_count; i++) {
        const struct hub_member *each = hub->places[i].member;
        if (each && outbox_message(&place->out, each, member_size(each)))
            return -1;
    }
    return outbox_message(&place->out, own, member_size(own));
}

void join_end(struct hub *hub, struct place *place) {
    struct hub_member *member = place->member;
    if (place->fd < 0)
        return;
    close(place->fd);
    outbox_close(&place->out);
    *place = (struct place){.fd = -1};
    if (!member)
        return;
    const struct hub_left left = {.type = HUB_LEFT, .address = member->address};
    free(member);
    hub->over = --hub->member_count == 0;
    tell(hub, NULL, &left, sizeof left);
}

/* Who can't be told would have a wrong directory from here on: it has to join again. */
static void tell(struct hub *hub, const struct place *except, const void *message, size_t size) {
    for (uint32_t i = 0; i < hub->place_count; i++) {
        struct place *place = &hub->places[i];
        if (place->member && place != except && !place->lost && outbox_message(&place->out, message, size))
            place->lost = true;
    }
}
