#include "net/packet/closed.h"

#include "frames.h"

static const char *const closed[] = {
    "::ffff:0.0.0.0",
    "::ffff:0.0.0.1",
    "::ffff:0.255.255.255",            /* the host itself */
    "::ffff:127.0.0.0",
    "::ffff:127.0.0.1",
    "::ffff:127.255.255.255",      /* its loopback */
    "::ffff:169.254.0.0",
    "::ffff:169.254.169.254",
    "::ffff:169.254.255.255",
    "::ffff:100.100.100.200",
    "::ffff:224.0.0.0",
    "::ffff:239.255.255.255",
    "::ffff:240.0.0.1",
    "::ffff:255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::169.254.169.254",
    "::224.0.0.1",        /* v4-compatible */
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::0.0.0.0",  /* NAT64 */
    "2002:7f00:1::",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",                /* 6to4 */
    "::ffff:0:127.0.0.1",
    "::ffff:0:169.254.169.254",                      /* SIIT */
    "fe80::",
    "fe80::1",
    "febf:ffff::1",
    "ff00::",
    "ff02::1",
    "ff0e::1",
    "ffff::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fd00:100::100:200",
    "::ffff:168.63.129.16",
    "64:ff9b::168.63.129.16",
    "::ffff:192.0.0.192",
};

static const char *const open_to_boxes[] = {
    "::ffff:1.0.0.0",
    "::ffff:126.255.255.255",
    "::ffff:128.0.0.0",
    "::ffff:169.253.255.255",
    "::ffff:169.255.0.0",
    "::ffff:100.100.100.199",
    "::ffff:100.100.100.201",
    "::ffff:223.255.255.255",
    "::ffff:10.0.0.1",
    "::ffff:192.168.1.1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9c::127.0.0.1",
    "64:ff9b:0:1::127.0.0.1",
    "2002:808:808::1",
    "2003:7f00:1::",
    "2001:7f00:1::",
    "::ffff:0:8.8.8.8",
    "::1:ffff:127.0.0.1",
    "fe7f::1",
    "fec0::1",
    "feff::1",
    "fd00:ec2::22",
    "fd00:ec2::253",
    "fd00:42::41",
    "::ffff:168.63.129.15",
    "::ffff:192.0.0.191",
    "fd00:ec2::255",
    "fd00:ec3::254",
    "fd00:ec2:0:1::254",
    "fd20:ce::253",
    "2001:db8::1",
    "fc00::1",
};

int main(void) {
    for (int looked = 0; looked < 2; looked++) {
        for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
            struct in6_addr each = address(closed[i]);
            check(closed[i], closed_address(&each));
        }
        for (size_t i = 0; i < sizeof open_to_boxes / sizeof *open_to_boxes; i++) {
            struct in6_addr each = address(open_to_boxes[i]);
            check(open_to_boxes[i], !closed_address(&each));
        }
        closed_look_around();
    }
    return 0;
}
