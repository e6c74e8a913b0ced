/* The addresses and routes of a real interface, a tap in a network namespace of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "../check.h"
#include "guest/boot/network.h"

static struct err err;
static char text[8192];

static bool make_interface(void) {
    struct ifreq request = {.ifr_name = "eth0", .ifr_flags = IFF_TAP | IFF_NO_PI};
    int tap = open("/dev/net/tun", O_RDWR);
    return tap >= 0 && ioctl(tap, TUNSETIFF, &request) == 0;
}

/* What a program prints. */
static const char *output_of(const char *command) {
    FILE *pipe = popen(command, "r");
    size_t size = pipe ? fread(text, 1, sizeof text - 1, pipe) : 0;
    text[size] = 0;
    if (pipe)
        pclose(pipe);
    return text;
}

static bool shows(const char *command, const char *expected) {
    const char *found = output_of(command);
    if (strcmp(found, expected) == 0)
        return true;
    fprintf(stderr, "%s:\n%s", command, found);
    return false;
}

static struct in6_addr in6(const char *address) {
    struct in6_addr binary = {0};
    inet_pton(AF_INET6, address, &binary);
    return binary;
}

#define ADDRESSES "ip -o addr show dev eth0 | awk '{print $3, $4}'"
#define ROUTES "ip route show dev eth0 | awk '{print $1, $2, $3}'"
#define ROUTES6 "ip -6 route show dev eth0 | grep -v ^ff | awk '{print $1, $2, $3}'"

static void test_replaced(void) {
    struct network first = {.address = 0x0a00020f, .gateway = 0x0a000202, .prefix = 24, .prefix6 = 64, .mtu = 65520};
    first.address6 = in6("fd62:6f78:6c74::15");
    first.gateway6 = in6("fd62:6f78:6c74::2");
    struct network other = {.address = 0xac120002, .gateway = 0xac120001, .prefix = 16, .prefix6 = 64, .mtu = 65520};
    other.address6 = in6("fd01::2");
    other.gateway6 = in6("fd01::1");
    network_prepare();
    check("an interface gets its addresses", network_give_addresses(&first, &err) == 0);
    check("which are then all it has", shows(ADDRESSES, "inet 10.0.2.15/24\ninet6 fd62:6f78:6c74::15/64\n"
                                                        "inet6 fe80::15/64\n"));
    check("they can be taken from it", network_take_addresses(&first, &err) == 0);
    check("and then it has none", shows(ADDRESSES, "") && shows(ROUTES, "") && shows(ROUTES6, ""));
    check("it gets others", network_give_addresses(&other, &err) == 0);
    check("and has only these",
          shows(ADDRESSES, "inet 172.18.0.2/16\ninet6 fd01::2/64\ninet6 fe80::2/64\n") &&
              shows(ROUTES, "default via 172.18.0.1\n172.18.0.0/16 proto kernel\n") &&
              shows(ROUTES6, "fd01::/64 proto kernel\nfe80::/64 proto kernel\ndefault via fd01::1\n"));
}

static void test_changed(void) {
    const char *source = "ip -6 route get 2001:db8::1 | grep -o 'src [^ ]*'";
    struct net_address extra = {.address = 0xac130005, .prefix = 16, .prefix6 = 64, .address6 = in6("fd02::5")};
    check("an interface gets one more address", network_change_address(true, &extra, &err) == 0);
    check("beside its first, with a route to its network",
          strstr(output_of(ADDRESSES), "inet 172.18.0.2/16\ninet 172.19.0.5/16\n") &&
              strstr(text, "inet6 fd02::5/64\n") &&
              shows(ROUTES, "default via 172.18.0.1\n172.18.0.0/16 proto kernel\n172.19.0.0/16 proto kernel\n") &&
              strstr(output_of(ROUTES6), "fd02::/64 proto kernel\n"));
    check("and the way out keeps its source", shows(source, "src fd01::2\n"));
    check("while its own network is reached from it",
          shows("ip -6 route get fd02::9 | grep -o 'src [^ ]*'", "src fd02::5\n") &&
              shows("ip route get 172.19.0.9 | grep -o 'src [^ ]*'", "src 172.19.0.5\n") &&
              shows("ip route get 192.0.2.1 | grep -o 'src [^ ]*'", "src 172.18.0.2\n"));
    check("the same again is no error", network_change_address(true, &extra, &err) == 0);
    check("it can be removed", network_change_address(false, &extra, &err) == 0);
    check("and is then gone", shows(ADDRESSES, "inet 172.18.0.2/16\ninet6 fd01::2/64\ninet6 fe80::2/64\n") &&
                                  !strstr(output_of(ROUTES), "172.19") && !strstr(output_of(ROUTES6), "fd02"));
    check("to remove it again is no error", network_change_address(false, &extra, &err) == 0);
}

static void test_without_ipv6(void) {
    struct net_address extra = {.address = 0xac140005, .prefix = 24, .prefix6 = 64, .address6 = in6("fd03::5")};
    int fd = open("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", O_WRONLY);
    check("IPv6 is switched off", fd >= 0 && write(fd, "1", 1) == 1);
    close(fd);
    check("an address of IPv4 is then added all the same", network_change_address(true, &extra, &err) == 0);
    check("alone", shows(ADDRESSES, "inet 172.18.0.2/16\ninet 172.20.0.5/24\n"));
}

int main(void) {
    if (unshare(CLONE_NEWNET) || !make_interface()) {
        printf("ok without a tap interface there is nothing to see (%s)\n", strerror(errno));
        return 0;
    }
    test_replaced();
    test_changed();
    test_without_ipv6();
    return 0;
}
