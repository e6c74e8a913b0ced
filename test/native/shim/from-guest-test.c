/* Tests what the shim does with the guest's frames when the queue of a client that does not read is full. */
#include "shim/relay/from-guest.h"

#include <stdlib.h>

#include "../guest/check.h"
#include "protocol/protocol.h"

static struct shim shim;
static uint8_t payload[EXITED_BYTES];

static void fill(struct client *client) {
    static uint8_t bytes[1 << 16];
    client->out.cap = SIZE_MAX;
    for (int i = 0; i < 256; i++)
        if (queue_push(&client->out, bytes, sizeof bytes))
            exit(2);
}

/* Sends a session, detached or not, its last frame while its client's queue is full. */
static void end_session_of_full_client(uint8_t last, bool detached) {
    struct client client = {.fd = -1, .id = 1, .session_count = 1};
    shim.clients[0] = &client;
    struct session *session = session_open(&shim.sessions, client.id, 2);
    session->requested = session->started = true;
    session->detached = detached;
    fill(&client);
    struct frame frame = {.header = {.length = sizeof payload, .session = session->guest, .type = last},
                          .payload = payload};
    from_guest(&shim, &frame);
    check("the client is dropped", client.dead);
    check("no session is left", shim.sessions.count == 0);
    queue_free(&client.out);
    shim.clients[0] = NULL;
}

int main(void) {
    shim.vmm.port_fd = shim.watch.epoll_fd = -1;
    shim.to_guest.cap = SIZE_MAX;
    end_session_of_full_client(BL_MSG_EXITED, true);
    end_session_of_full_client(BL_MSG_EXITED, false);
    end_session_of_full_client(BL_MSG_FAILED, true);
    end_session_of_full_client(BL_MSG_STATS, true);

    /* A session that continues loses its client. */
    struct client client = {.fd = -1, .id = 1, .session_count = 1};
    shim.clients[0] = &client;
    struct session *session = session_open(&shim.sessions, client.id, 2);
    session->requested = session->detached = true;
    uint32_t number = session->guest;
    fill(&client);
    struct frame frame = {.header = {.length = 4, .session = number, .type = BL_MSG_STARTED}, .payload = payload};
    from_guest(&shim, &frame);
    session = session_of_guest(&shim.sessions, number);
    check("a detached session outlives its client", session && session->client == 0);
    check("and has started", session->started);
    frame.header = (struct frame_header){.length = sizeof payload, .session = number, .type = BL_MSG_EXITED};
    from_guest(&shim, &frame);
    check("until it ends", shim.sessions.count == 0);
    queue_free(&client.out);
    queue_free(&shim.to_guest);
    session_table_free(&shim.sessions);
    return 0;
}
