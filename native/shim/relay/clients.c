#include "clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../loop.h"
#include "../peers/guest-port.h"
#include "../session/main-session.h"
#include "from-client.h"

/* What may wait for a client: all its sessions' windows, in frames of one byte each at worst. */
enum { BASE_QUEUE = 1024 * 1024, WORST_WINDOW = BL_LIMIT_WINDOW * (FRAME_HEADER_BYTES + 1) };
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
        loop_unwatch(shim, shim->listen_fd);
    greet(shim, client);
}

struct client *client_by_id(struct shim *shim, uint32_t id) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && shim->clients[i]->id == id && !shim->clients[i]->dead)
            return shim->clients[i];
    return NULL;
}

void client_send(struct shim *shim, struct client *client, const struct frame_header *header,
                 const void *payload) {
    if (client->dead)
        return;
    size_t windows = (size_t)client->session_count + (client->attached ? 1 : 0);
    client->out.cap = BASE_QUEUE + windows * WORST_WINDOW;
    if (queue_push_frame(&client->out, header, payload))
        client_drop(shim, client);
}

void client_refuse(struct shim *shim, struct client *client, uint32_t session, int code, const char *message) {
    uint8_t payload[256];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, (uint32_t)code);
    wr_bytes(&wr, message, (uint32_t)strlen(message));
    client_send(shim, client,
                &(struct frame_header){.length = (uint32_t)wr.used, .session = session, .type = BL_MSG_REFUSED},
                payload);
}

void clients_broadcast(struct shim *shim, const struct frame_header *header, const void *payload) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i])
            client_send(shim, shim->clients[i], header, payload);
}

void client_drop(struct shim *shim, struct client *client) {
    if (client->dead)
        return;
    client->dead = true;
    for (struct session *session; (session = session_any(&shim->sessions, client->id));) {
        if (session->detached && session->requested) {
            session->client = 0;
            continue;
        }
        guest_send(shim, &(struct frame_header){.session = session->guest, .type = BL_MSG_HANGUP}, NULL);
        session_close(&shim->sessions, session);
    }
    if (client->attached)
        main_credit(shim);
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
        /* Who gave up on a guest that does not read leaves places for who comes to end it. */
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

void client_welcome(struct shim *shim, struct client *client) {
    uint8_t payload[256];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, BL_GENERATION);
    wr_u32(&wr, shim->phase);
    wr_u32(&wr, (uint32_t)getpid());
    wr_u32(&wr, (uint32_t)shim->vmm.pid);
    wr_bytes(&wr, shim->config.box, (uint32_t)strlen(shim->config.box));
    client_send(shim, client, &(struct frame_header){.length = (uint32_t)wr.used, .type = BL_MSG_WELCOME},
                payload);
}

static void greet(struct shim *shim, struct client *client) {
    client_welcome(shim, client);
    /* The agent says this once; whoever comes later must not wait for it in vain. */
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
        /* What stops here is taken all the same: a guest that no longer reads must be killable. */
        if (frame.header.type < FIRST_SHIM_TYPE && shim->to_guest.used >= GUEST_QUEUE_LIMIT) {
            client->paused = true;
            return;
        }
        from_client(shim, client, &frame);
        queue_drop(&client->in, frame_bytes(&frame));
    }
}

static void watch(struct shim *shim, struct client *client) {
    /* Its end would be reported again and again while it can't be read. */
    if (client->hung_up) {
        if (client->watched)
            loop_unwatch(shim, client->fd);
        client->watched = false;
        return;
    }
    uint32_t events = (client->paused ? 0 : EPOLLIN) | (client->out.used ? EPOLLOUT : 0);
    if (client->watched && events == client->events)
        return;
    if (loop_watch(shim, client->fd, ON_CLIENT, client->slot, events, client->watched)) {
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
        (void)loop_watch(shim, shim->listen_fd, ON_LISTENER, 0, EPOLLIN, false);
}
