#include "private.h"

#include <stdint.h>
#include <string.h>

#include "../packet/closed.h"
#include "../packet/packet.h"

bool private_address(const struct in6_addr *address) {
    static const struct {
        uint32_t network, prefix;
    } ranges[] = {
        {0x0a000000, 8},  /* 10.0.0.0/8 */
        {0xac100000, 12}, /* 172.16.0.0/12 */
        {0xc0a80000, 16}, /* 192.168.0.0/16 */
        {0x64400000, 10}, /* 100.64.0.0/10, a provider's own */
        {0xc0000000, 24}, /* 192.0.0.0/24 */
        {0xc6120000, 15}, /* 198.18.0.0/15, benchmarks */
    };
    /* 64:ff9b:1::/48, RFC 8215: a network's own translator to IPv4, private addresses among them. */
    static const uint8_t translated[] = {0, 0x64, 0xff, 0x9b, 0, 1};
    struct in6_addr carried;
    if (closed_is_near(address))
        return true;
    if (closed_carries_v4(address, &carried))
        return private_address(&carried);
    if (!IN6_IS_ADDR_V4MAPPED(address))
        return memcmp(address->s6_addr, translated, sizeof translated) == 0 || (address->s6_addr[0] & 0xfe) == 0xfc ||
               (address->s6_addr[0] == 0xfe && address->s6_addr[1] >= 0xc0);
    uint32_t v4 = v4_of_address(address);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if ((v4 ^ ranges[i].network) >> (32 - ranges[i].prefix) == 0)
            return true;
    return false;
}
