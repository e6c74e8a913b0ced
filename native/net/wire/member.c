#include "member.h"

#include <string.h>

#include "../packet/packet.h"

enum { FIXED_BYTES = offsetof(struct hub_member, names), NAME_BYTES = 253, IPV4_BYTES = 20, IPV6_BYTES = 40 };

static bool names_are_valid(const struct hub_member *member);

int member_read(const void *datagram, size_t size, enum hub_message type, struct hub_member *member) {
    if (size < FIXED_BYTES || size > sizeof *member)
        return -1;
    memcpy(member, datagram, size);
    if (member->type != type || size != FIXED_BYTES + (size_t)member->names_size || !member->address ||
        IN6_IS_ADDR_UNSPECIFIED(&member->address6))
        return -1;
    return names_are_valid(member) ? 0 : -1;
}

size_t member_size(const struct hub_member *member) { return FIXED_BYTES + (size_t)member->names_size; }

bool member_next_name(const struct hub_member *member, size_t *at, const char **name, size_t *size) {
    while (*at < member->names_size && member->names[*at] == ' ')
        ++*at;
    *name = member->names + *at;
    while (*at < member->names_size && member->names[*at] != ' ')
        ++*at;
    *size = (size_t)(member->names + *at - *name);
    return *size > 0;
}

static bool names_are_valid(const struct hub_member *member) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_. ";
    for (size_t i = 0; i < member->names_size; i++)
        if (!memchr(allowed, member->names[i], sizeof allowed - 1))
            return false;
    const char *name;
    size_t at = 0, size, count = 0;
    while (member_next_name(member, &at, &name, &size))
        if (++count > HUB_MAX_NAMES || size > NAME_BYTES)
            return false;
    return true;
}

int ends_read(const uint8_t *datagram, size_t size, struct ends *ends) {
    if (size >= IPV4_BYTES && datagram[0] >> 4 == 4) {
        ends->v6 = false;
        ends->source = get_u32(datagram + 12);
        ends->destination = get_u32(datagram + 16);
        return get_u16(datagram + 2) == size ? 0 : -1;
    }
    if (size < IPV6_BYTES || datagram[0] >> 4 != 6)
        return -1;
    ends->v6 = true;
    memcpy(&ends->source6, datagram + 8, sizeof ends->source6);
    memcpy(&ends->destination6, datagram + 24, sizeof ends->destination6);
    return IPV6_BYTES + (size_t)get_u16(datagram + 4) == size ? 0 : -1;
}
