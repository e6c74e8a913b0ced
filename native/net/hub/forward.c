#include "forward.h"

static struct place *find(struct hub *hub, const struct ends *ends);

int forward(struct hub *hub, const struct place *from, const uint8_t *packet, size_t size) {
    struct ends ends;
    if (size > HUB_MAX_PACKET || ends_read(packet, size, &ends))
        return -1;
    const struct hub_member *own = from->member;
    if (ends.v6 ? !IN6_ARE_ADDR_EQUAL(&ends.source6, &own->address6) : ends.source != own->address)
        return -1;
    struct place *to = find(hub, &ends);
    if (!to || to == from)
        return -1;
    if (!to->lost && outbox_packet(&to->out, packet, size))
        to->lost = true;
    return 0;
}

static struct place *find(struct hub *hub, const struct ends *ends) {
    for (uint32_t i = 0; i < hub->place_count; i++) {
        const struct hub_member *member = hub->places[i].member;
        if (member && (ends->v6 ? IN6_ARE_ADDR_EQUAL(&ends->destination6, &member->address6)
                                : ends->destination == member->address))
            return &hub->places[i];
    }
    return NULL;
}
