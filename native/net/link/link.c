#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"

/* Of one link, before the box has its turn. */
enum { TURN = 32 };

static bool is_valid(const struct net_link *what);
static struct link *place_for(struct links *links, uint32_t port, uint32_t id);
static bool is_within(const struct link *link, const struct in6_addr *address);
static void lose(struct links *links, struct link *link);
static struct link *with_descriptor(struct links *links, int fd);
static int receive(struct links *links, struct link *link);
static void forget(struct link *link);

void links_open(struct links *links, const struct link_callbacks *callbacks) {
    *links = (struct links){.callbacks = *callbacks};
    for (size_t i = 0; i < MAX_LINKS; i++)
        links->all[i].fd = -1;
}

int links_add(struct links *links, uint32_t port, const struct net_link *what, int given, struct err *err) {
    cleanup_fd int fd = given;
    struct link *link = place_for(links, port, what->id);
    if (!is_valid(what))
        return err_set(err, EINVAL, "link %u does not have addresses of its network", what->id);
    if (!link)
        return err_set(err, ENOSPC, "a box has room for %d links", MAX_LINKS);
    if (fcntl(fd, F_SETFL, O_NONBLOCK))
        return err_errno(err, "prepare a link");
    forget(link);
    *link = (struct link){.what = *what,
                          .port = port,
                          .fd = take_fd(&fd),
                          .address = address_of_v4(what->address),
                          .address6 = what->address6};
    outbox_open(&link->out, link->fd);
    return 0;
}

static bool is_valid(const struct net_link *what) {
    return what->id && what->prefix_length >= 8 && what->prefix_length <= 30 &&
           (what->address ^ what->prefix) >> (32 - what->prefix_length) == 0 &&
           memcmp(&what->address6, &what->prefix6, 8) == 0;
}

static struct link *place_for(struct links *links, uint32_t port, uint32_t id) {
    struct link *free_place = NULL;
    for (size_t i = 0; i < MAX_LINKS; i++) {
        struct link *link = &links->all[i];
        if (link->what.type && link->port == port && link->what.id == id)
            return link;
        if (!link->what.type && !free_place)
            free_place = link;
    }
    return free_place;
}

int links_remove(struct links *links, uint32_t port, uint32_t id, struct err *err) {
    struct link *link = id ? place_for(links, port, id) : NULL;
    if (!link || !link->what.type)
        return err_set(err, ENOENT, "there is no link %u", id);
    forget(link);
    return 0;
}

void links_drop(struct links *links, uint32_t port) {
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].what.type && links->all[i].port == port)
            forget(&links->all[i]);
}

struct link *links_find(struct links *links, uint32_t port, const struct in6_addr *address) {
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].what.type && links->all[i].port == port && is_within(&links->all[i], address))
            return &links->all[i];
    return NULL;
}

static bool is_within(const struct link *link, const struct in6_addr *address) {
    if (!IN6_IS_ADDR_V4MAPPED(address))
        return memcmp(address, &link->what.prefix6, 8) == 0;
    return (v4_of_address(address) ^ link->what.prefix) >> (32 - link->what.prefix_length) == 0;
}

bool links_is_own(const struct links *links, uint32_t port, const struct in6_addr *address) {
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].what.type && links->all[i].port == port && link_is_own(&links->all[i], address))
            return true;
    return false;
}

/* Each question begins with the next of them, so that all have their share. */
size_t links_resolve(struct links *links, uint32_t port, const char *name, struct in6_addr *to, size_t room) {
    size_t all = 0, found = 0;
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].what.type && links->all[i].port == port)
            all += directory_count(&links->all[i], name);
    uint32_t first = all ? links->next_answer++ % (uint32_t)all : 0;
    for (size_t turn = 0, at = 0; turn < 2; turn++, at = 0)
        for (size_t i = 0; i < MAX_LINKS; i++)
            for (uint32_t j = 0; links->all[i].port == port && j < links->all[i].member_count; j++) {
                const struct hub_member *member = links->all[i].members[j];
                if (!directory_has_name(member, name) || (at++ >= first) != (turn == 0) || found + 2 > room)
                    continue;
                to[found++] = address_of_v4(member->address);
                to[found++] = member->address6;
            }
    return found;
}

bool links_name(const struct links *links, uint32_t port, const struct in6_addr *address, char text[NET_NAME_BYTES]) {
    const char *name;
    size_t at = 0, size;
    for (size_t i = 0; i < MAX_LINKS; i++) {
        const struct link *link = &links->all[i];
        int index = link->what.type && link->port == port ? directory_find(link, address) : -1;
        if (index < 0)
            continue;
        if (!member_next_name(link->members[index], &at, &name, &size) || size >= NET_NAME_BYTES)
            return false;
        memcpy(text, name, size);
        text[size] = 0;
        return true;
    }
    return false;
}

bool link_is_own(const struct link *link, const struct in6_addr *address) {
    return same_address(address, &link->address) || same_address(address, &link->address6);
}

bool link_has(const struct link *link, const struct in6_addr *address) {
    return !link_is_own(link, address) && directory_find(link, address) >= 0;
}

void link_send(struct links *links, struct link *link, const struct packet *packet) {
    if (link->fd >= 0 && outbox_packet(&link->out, packet->ip, packet->ip_size))
        lose(links, link);
}

/* Only those that are there: poll(2) refuses more places than a process may have descriptors, used or not. */
size_t links_poll(const struct links *links, struct pollfd *fds) {
    size_t count = 0;
    for (size_t i = 0; i < MAX_LINKS; i++) {
        const struct link *link = &links->all[i];
        if (link->fd < 0)
            continue;
        short reads = links->callbacks.has_room(links->callbacks.context, link) ? POLLIN : 0;
        short writes = outbox_waits(&link->out) ? POLLOUT : 0;
        if (reads || writes)
            fds[count++] = (struct pollfd){.fd = link->fd, .events = reads | writes};
    }
    return count;
}

void links_polled(struct links *links, const struct pollfd *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct link *link = with_descriptor(links, fds[i].fd);
        if (!link)
            continue;
        if (fds[i].revents & POLLOUT && outbox_flush(&link->out))
            lose(links, link);
        else if (fds[i].revents & (POLLIN | POLLHUP | POLLERR) && receive(links, link))
            lose(links, link);
    }
}

static struct link *with_descriptor(struct links *links, int fd) {
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].fd == fd)
            return &links->all[i];
    return NULL;
}

/* -1: the hub is gone, or none. */
static int receive(struct links *links, struct link *link) {
    /* The datagram is behind the room for an Ethernet header; a message is copied from there. One byte more than a
     * packet has shows one that is too large. */
    static uint8_t frame[ETHERNET_BYTES + HUB_MAX_PACKET + 1];
    for (int i = 0; i < TURN && links->callbacks.has_room(links->callbacks.context, link); i++) {
        ssize_t size = recv(link->fd, frame + ETHERNET_BYTES, sizeof frame - ETHERNET_BYTES, MSG_DONTWAIT);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        if (size == 0)
            return -1;
        uint8_t version = frame[ETHERNET_BYTES] >> 4;
        if (version != 4 && version != 6) {
            if (directory_read(link, frame + ETHERNET_BYTES, (size_t)size))
                return -1;
        } else if (size > HUB_MAX_PACKET) {
            link->refused++;
        } else {
            links->callbacks.packet(links->callbacks.context, link, frame, ETHERNET_BYTES + (size_t)size);
            if (link->fd < 0)
                return 0; /* it was lost with an answer */
        }
    }
    return 0;
}

/* The place stays, so that what is meant for the network does not leave for elsewhere. */
static void lose(struct links *links, struct link *link) {
    const struct link was = {.what = link->what, .port = link->port, .fd = -1};
    struct in6_addr address = link->address, address6 = link->address6;
    forget(link);
    *link = was;
    link->address = address;
    link->address6 = address6;
    link->is_untold = !links->callbacks.lost(links->callbacks.context, link);
}

bool links_have_news(const struct links *links, uint32_t port) {
    for (size_t i = 0; i < MAX_LINKS; i++)
        if (links->all[i].is_untold && links->all[i].port == port)
            return true;
    return false;
}

void links_tell(struct links *links, uint32_t port) {
    for (size_t i = 0; i < MAX_LINKS; i++) {
        struct link *link = &links->all[i];
        if (link->is_untold && link->port == port)
            link->is_untold = !links->callbacks.lost(links->callbacks.context, link);
    }
}

static void forget(struct link *link) {
    if (link->fd >= 0) {
        close(link->fd);
        outbox_close(&link->out);
    }
    directory_clear(link);
    *link = (struct link){.fd = -1};
}
