#include "output-credit.h"

#include "guest-port.h"

enum { CREDIT_BYTES = 4 };

void output_credit_return(struct shim *shim) {
    struct main_session *m = &shim->main;
    uint64_t consumed = m->received;
    bool attached = false;
    for (uint32_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = shim->clients[i];
        if (!client || client->dead || !client->attached)
            continue;
        attached = true;
        if (client->acked < consumed)
            consumed = client->acked;
    }
    uint64_t due = consumed - m->credited;
    /* Without a client the credit returns in larger portions: a guest never waits for less. */
    if (due == 0 || (!attached && due < BL_LIMIT_WINDOW / 4))
        return;
    uint8_t payload[CREDIT_BYTES];
    struct wr wr = {.p = payload, .size = sizeof payload};
    wr_u32(&wr, (uint32_t)due);
    m->credited = consumed;
    guest_send(shim, &(struct frame_header){.length = CREDIT_BYTES, .session = BL_SESSION_MAIN, .type = BL_MSG_CREDIT},
               payload);
}
