#include "client.h"

#include <string.h>
#include <unistd.h>

#include "guest-port.h"
#include "output-credit.h"

/* What may wait for a client: all its sessions' windows, in frames of one byte each at worst. */
enum { BASE_QUEUE = 1024 * 1024, WORST_WINDOW = BL_LIMIT_WINDOW * (FRAME_HEADER_BYTES + 1) };

struct client *client_by_id(struct shim *shim, uint32_t id) {
    for (uint32_t i = 0; i < MAX_CLIENTS; i++)
        if (shim->clients[i] && shim->clients[i]->id == id && !shim->clients[i]->dead)
            return shim->clients[i];
    return NULL;
}

void client_send(struct shim *shim, struct client *client, const struct frame_header *header, const void *payload) {
    if (client->dead)
        return;
    size_t windows = (size_t)client->session_count + (client->attached ? 1 : 0);
    client->out.cap = BASE_QUEUE + windows * WORST_WINDOW;
    if (queue_push_frame(&client->out, header, payload))
        client_drop(shim, client);
}

void client_refuse(struct shim *shim, struct client *client, uint32_t session, int code, const char *message) {
    uint8_t payload[512]; /* holds the text of a struct err */
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, (uint32_t)code);
    wr_bytes(&wr, message, (uint32_t)strlen(message));
    client_send(shim, client,
                &(struct frame_header){.length = (uint32_t)wr.used, .session = session, .type = BL_MSG_REFUSED},
                payload);
}

void client_welcome(struct shim *shim, struct client *client) {
    uint8_t payload[256];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, BL_GENERATION);
    wr_u32(&wr, shim->phase);
    wr_u32(&wr, (uint32_t)getpid());
    wr_u32(&wr, (uint32_t)shim->vmm.pid);
    wr_bytes(&wr, shim->config.box, (uint32_t)strlen(shim->config.box));
    client_send(shim, client, &(struct frame_header){.length = (uint32_t)wr.used, .type = BL_MSG_WELCOME}, payload);
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
        output_credit_return(shim);
}
