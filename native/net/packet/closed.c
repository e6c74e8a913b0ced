#include "closed.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

enum { MAX_ALIASES = 64 };

struct range4 {
    uint32_t network, prefix;
};

static const struct range4 closed4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8, which is the host itself */
    {0x7f000000, 8},  /* 127.0.0.0/8 */
    {0xa9fe0000, 16}, /* 169.254.0.0/16 */
    {0x646464c8, 32}, /* 100.100.100.200, a cloud's metadata */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

/* The addresses in which an IPv4 address is written: the bytes before it. */
static const struct {
    uint8_t prefix[12], bytes;
} carriers[] = {
    {{0}, 12},                             /* ::a.b.c.d, with :: and ::1 */
    {{[0] = 0x00, 0x64, 0xff, 0x9b}, 12},  /* 64:ff9b::a.b.c.d, NAT64 */
    {{[0] = 0x20, 0x02}, 2},               /* 2002:a.b.c.d::, 6to4 */
    {{[8] = 0xff, 0xff}, 12},              /* ::ffff:0:a.b.c.d, SIIT */
};

static struct in6_addr aliases[MAX_ALIASES];
static size_t alias_count;

static bool closed_v4(uint32_t address);
static bool closed_v6(const struct in6_addr *address);

void closed_look_around(void) {
    struct ifaddrs *all;
    if (getifaddrs(&all))
        return;
    for (const struct ifaddrs *each = all; each && alias_count < MAX_ALIASES; each = each->ifa_next) {
        if (!(each->ifa_flags & IFF_LOOPBACK) || !each->ifa_addr)
            continue;
        if (each->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)each->ifa_addr;
            aliases[alias_count++] = address_of_v4(ntohl(in->sin_addr.s_addr));
        } else if (each->ifa_addr->sa_family == AF_INET6) {
            aliases[alias_count++] = ((const struct sockaddr_in6 *)(const void *)each->ifa_addr)->sin6_addr;
        }
    }
    freeifaddrs(all);
}

bool closed_address(const struct in6_addr *address) {
    for (size_t i = 0; i < alias_count; i++)
        if (same_address(&aliases[i], address))
            return true;
    return IN6_IS_ADDR_V4MAPPED(address) ? closed_v4(v4_of_address(address)) : closed_v6(address);
}

static bool closed_v4(uint32_t address) {
    for (size_t i = 0; i < sizeof closed4 / sizeof *closed4; i++)
        if ((address ^ closed4[i].network) >> (32 - closed4[i].prefix) == 0)
            return true;
    return false;
}

static bool closed_v6(const struct in6_addr *address) {
    /* fd00:ec2::254 and fd20:ce::254 are clouds' metadata. */
    static const struct in6_addr metadata[] = {
        {.s6_addr = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}},
        {.s6_addr = {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}},
    };
    for (size_t i = 0; i < sizeof metadata / sizeof *metadata; i++)
        if (same_address(&metadata[i], address))
            return true;
    struct in6_addr carried;
    if (closed_carries_v4(address, &carried) && closed_v4(v4_of_address(&carried)))
        return true;
    return IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_MULTICAST(address);
}

bool closed_carries_v4(const struct in6_addr *address, struct in6_addr *v4) {
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (memcmp(address->s6_addr, carriers[i].prefix, carriers[i].bytes) == 0) {
            *v4 = address_of_v4(get_u32(address->s6_addr + carriers[i].bytes));
            return true;
        }
    return false;
}
