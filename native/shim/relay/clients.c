#include "clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peers/client.h"
#include "from-client.h"

enum { MAX_GIVEN_UP = MAX_CLIENTS / 2 };
enum { READ_BYTES = FRAME_HEADER_BYTES + BL_LIMIT_MAX_PAYLOAD };

static void greet(struct shim *shim, struct client *client);
static void receive(struct shim *shim, struct client *client);
static void handle_frames(struct shim *shim, struct client *client);
static void watch(struct shim *shim, struct client *client);
static void forget(struct shim *shim, struct client *client);

void clients_accept(struct shim *shim) {
    uint32_t slot = 0;
    while (slot < MAX_CLIENTS && shim->clients[slot])
        slot++;
    if (slot == MAX_CLIENTS)
        return;
    int fd = accept4(shim->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        close(fd);
        return;
    }
    client->fd = fd;
    client->id = ++shim->last_client_id;
    client->slot = slot;
    client->in.cap = READ_BYTES;
    shim->clients[slot] = client;
    if (++shim->client_count == MAX_CLIENTS)
        watch_remove(&shim->watch, shim->listen_fd);
    greet(shim, client);
}

void client_event(struct shim *shim, struct client *client, uint32_t events) {
    if (client->paused && (events & (EPOLLHUP | EPOLLERR)))
        client->hung_up = true;
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(shim, client);
}

void clients_settle(struct shim *shim) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = shim->clients[i];
        if (!client)
            continue;
        if (client->paused && shim->to_guest.used < GUEST_QUEUE_LIMIT) {
            client->paused = client->hung_up = false;
            handle_frames(shim, client);
        }
        /* Clients that gave up on a guest that does not read make room for those that come to end it. */
        if (client->hung_up && shim->client_count > MAX_GIVEN_UP)
            client_drop(shim, client);
        if (!client->dead && client->out.used && queue_write(&client->out, client->fd) < 0 && errno != EAGAIN)
            client_drop(shim, client);
        if (client->dead)
            forget(shim, client);
        else
            watch(shim, client);
    }
}

bool clients_any_paused(const struct shim *shim) {
    for (uint32_t i = 0; shim->client_count && i < MAX_CLIENTS; i++)
        if (shim->clients[i] && shim->clients[i]->paused)
            return true;
    return false;
}

static void greet(struct shim *shim, struct client *client) {
    client_welcome(shim, client);
    /* The agent sends this once; a client that connects later would wait for it in vain. */
    if (shim->ready)
        client_send(shim, client, &(struct frame_header){.length = READY_BYTES, .type = BL_MSG_READY},
                    shim->ready_payload);
}

static void receive(struct shim *shim, struct client *client) {
    if (client->dead || client->paused)
        return;
    ssize_t n = queue_read(&client->in, client->fd, READ_BYTES);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        client_drop(shim, client);
    else
        handle_frames(shim, client);
}

static void handle_frames(struct shim *shim, struct client *client) {
    while (!client->dead) {
        struct frame frame;
        int found = queue_frame(&client->in, &frame);
        if (found < 0)
            client_drop(shim, client);
        if (found <= 0)
            return;
        /* The shim's own frames pass all the same: a guest that no longer reads must be killable. */
        if (frame.header.type < FIRST_SHIM_TYPE && shim->to_guest.used >= GUEST_QUEUE_LIMIT) {
            client->paused = true;
            return;
        }
        from_client(shim, client, &frame);
        queue_drop(&client->in, frame_bytes(&frame));
    }
}

static void watch(struct shim *shim, struct client *client) {
    /* epoll would report its end again and again while the shim does not read it. */
    if (client->hung_up) {
        if (client->watched)
            watch_remove(&shim->watch, client->fd);
        client->watched = false;
        return;
    }
    uint32_t events = (client->paused ? 0 : EPOLLIN) | (client->out.used ? EPOLLOUT : 0);
    if (client->watched && events == client->events)
        return;
    int failed = client->watched ? watch_change(&shim->watch, client->fd, ON_CLIENT, client->slot, events)
                                 : watch_add(&shim->watch, client->fd, ON_CLIENT, client->slot, events);
    if (failed) {
        client_drop(shim, client);
        return;
    }
    client->watched = true;
    client->events = events;
}

static void forget(struct shim *shim, struct client *client) {
    close(client->fd);
    queue_free(&client->in);
    queue_free(&client->out);
    shim->clients[client->slot] = NULL;
    free(client);
    if (shim->client_count-- == MAX_CLIENTS && shim->listen_fd >= 0)
        (void)watch_add(&shim->watch, shim->listen_fd, ON_LISTENER, 0, EPOLLIN);
}
