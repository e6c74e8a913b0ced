/* What comes in over a hub's connection, taken apart: a member's description, and the addresses of a packet. */
#ifndef BOXLITE_NET_WIRE_MEMBER_H
#define BOXLITE_NET_WIRE_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "../../common/hub-wire.h"

/* Copies a JOIN or a MEMBER out of a hostile datagram. -1 when it is none: of another type or size, without an address,
 * or with names that are none, too many or too long. */
int member_read(const void *datagram, size_t size, enum hub_message type, struct hub_member *member);
/* The bytes of a member that are sent. */
size_t member_size(const struct hub_member *member);
/* A walk over its names: begins with *at 0 and returns false behind the last. There is no zero behind a name. */
bool member_next_name(const struct hub_member *member, size_t *at, const char **name, size_t *size);

/* The addresses of a packet; those of the other family are unset. */
struct ends {
    bool v6;
    uint32_t source, destination;
    struct in6_addr source6, destination6;
};

/* -1 when the datagram is no packet of IP, or does not end where its header says. */
int ends_read(const uint8_t *datagram, size_t size, struct ends *ends);

#endif
