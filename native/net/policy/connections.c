#include "connections.h"

#include <stdlib.h>

void connections_begun(struct connections *connections, const struct packet *packet) {
    if (!connections->all)
        connections->all = calloc(MAX_CONNECTIONS, sizeof *connections->all);
    if (!connections->all)
        return;
    connections->all[connections->next++ % MAX_CONNECTIONS] = (struct connection){
        .member = packet->destination, .box_port = packet->source_port, .port = packet->destination_port, .used = true};
}

/* Where nothing is cut, as in most boxes, nothing is looked for. One that is there twice was decided about alike. */
bool connections_is_cut(const struct connections *connections, const struct in6_addr *member, uint16_t port,
                        uint16_t box_port) {
    for (size_t i = 0; connections->any_cut && i < MAX_CONNECTIONS; i++) {
        const struct connection *each = &connections->all[i];
        if (each->cut && each->box_port == box_port && each->port == port && same_address(&each->member, member))
            return true;
    }
    return false;
}

void connections_free(struct connections *connections) {
    free(connections->all);
    *connections = (struct connections){0};
}
