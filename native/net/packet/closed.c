#include "closed.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

enum { MAX_ALIASES = 64, MAX_NEAR = 256, SMALLEST_NETWORK = 64 };

struct range4 {
    uint32_t network, prefix;
};

static const struct range4 closed4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8, which is the host itself */
    {0x7f000000, 8},  /* 127.0.0.0/8 */
    {0xa9fe0000, 16}, /* 169.254.0.0/16 */
    {0x646464c8, 32}, /* 100.100.100.200, Alibaba's metadata */
    {0xa83f8110, 32}, /* 168.63.129.16, which gives Azure's machines their secrets */
    {0xc00000c0, 32}, /* 192.0.0.192, Oracle's metadata */
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

static struct {
    struct in6_addr address;
    uint32_t prefix;
} near[MAX_NEAR];
static size_t near_count;

static void add_near(const struct in6_addr *address, uint32_t prefix);
static uint32_t prefix_of(const struct sockaddr *mask);
static bool same_bits(const struct in6_addr *a, const struct in6_addr *b, uint32_t count);
static bool closed_v4(uint32_t address);
static bool closed_v6(const struct in6_addr *address);

void closed_look_around(void) {
    struct ifaddrs *all;
    if (getifaddrs(&all))
        return;
    for (const struct ifaddrs *each = all; each; each = each->ifa_next) {
        struct in6_addr address;
        if (!each->ifa_addr)
            continue;
        if (each->ifa_addr->sa_family == AF_INET) {
            address = address_of_v4(ntohl(((const struct sockaddr_in *)(const void *)each->ifa_addr)->sin_addr.s_addr));
            add_near(&address, 128);
        } else if (each->ifa_addr->sa_family == AF_INET6) {
            address = ((const struct sockaddr_in6 *)(const void *)each->ifa_addr)->sin6_addr;
            add_near(&address, prefix_of(each->ifa_netmask));
        } else {
            continue;
        }
        if (each->ifa_flags & IFF_LOOPBACK && alias_count < MAX_ALIASES)
            aliases[alias_count++] = address;
    }
    freeifaddrs(all);
}

static void add_near(const struct in6_addr *address, uint32_t prefix) {
    if (near_count == MAX_NEAR)
        return;
    near[near_count].address = *address;
    near[near_count++].prefix = prefix < SMALLEST_NETWORK ? 128 : prefix;
}

static uint32_t prefix_of(const struct sockaddr *mask) {
    uint32_t count = 0;
    const struct in6_addr *bits = mask ? &((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr : NULL;
    while (bits && count < 128 && bits->s6_addr[count / 8] & 0x80 >> count % 8)
        count++;
    return bits ? count : 128;
}

bool closed_is_near(const struct in6_addr *address) {
    for (size_t i = 0; i < near_count; i++)
        if (same_bits(&near[i].address, address, near[i].prefix))
            return true;
    return false;
}

static bool same_bits(const struct in6_addr *a, const struct in6_addr *b, uint32_t count) {
    uint32_t bytes = count / 8, bits = count % 8;
    return memcmp(a, b, bytes) == 0 && (bits == 0 || (a->s6_addr[bytes] ^ b->s6_addr[bytes]) >> (8 - bits) == 0);
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
    static const struct in6_addr metadata[] = {
        {.s6_addr = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}},                         /* fd00:ec2::254, Amazon */
        {.s6_addr = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x00, 0x23}},                         /* its pods' credentials */
        {.s6_addr = {0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}},                         /* fd20:ce::254, Google */
        {.s6_addr = {0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}},             /* Oracle */
        {.s6_addr = {0xfd, 0x00, 0x00, 0x42, [14] = 0x00, 0x42}},                         /* Scaleway */
        {.s6_addr = {0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe, [15] = 0x01}},                   /* Linode */
        {.s6_addr = {0xfd, 0x00, 0x01, 0x00, [12] = 0x01, 0x00, 0x02, 0x00}},             /* Alibaba */
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
