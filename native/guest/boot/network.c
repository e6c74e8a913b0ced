#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/console.h"
#include "../system/root.h"
#include "addresses.h"

#define INTERFACE "eth0"
#define IPV6 "/proc/sys/net/ipv6/conf/" INTERFACE

static int set_flags(int sock, const char *name, short set, short clear);
static int set_address(int sock, unsigned long request, uint32_t address);
static int set_mtu(int sock, uint32_t mtu);
static int add_default_route(int sock, uint32_t gateway);
static int give_addresses6(const struct network *network, struct err *err);
static bool has_ipv6(void);
static int take_addresses6(const struct network *network, struct err *err);
static bool is_wanted(bool add, int failed);
static struct in6_addr link_local(const struct in6_addr *address);
static void fill(struct sockaddr *to, uint32_t address);

void network_prepare(void) {
    cleanup_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct err ignored;
    /* The host gives every address: the interface asks no router for one, nor makes one of the device's MAC, which
     * all machines of a template share. */
    write_file(IPV6 "/accept_ra", "0", &ignored);
    write_file(IPV6 "/addr_gen_mode", "1", &ignored); /* IN6_ADDR_GEN_MODE_NONE */
    /* So an address is of use at once, and not after a second of looking for another host that has it. */
    write_file(IPV6 "/accept_dad", "0", &ignored);
    /* As Docker: any user may ping and listen at any port, since nobody else uses the machine. */
    write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647", &ignored);
    write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", &ignored);
    if (sock < 0 || set_flags(sock, "lo", IFF_UP | IFF_RUNNING, 0))
        complain("lo: %s", strerror(errno));
    if (set_flags(sock, INTERFACE, IFF_UP | IFF_RUNNING, 0) && errno != ENODEV)
        complain("%s: %s", INTERFACE, strerror(errno));
}

int network_give_addresses(const struct network *network, struct err *err) {
    cleanup_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint32_t mask = network->prefix ? 0xffffffffu << (32 - network->prefix) : 0;
    if (sock < 0 || set_address(sock, SIOCSIFADDR, network->address) || set_address(sock, SIOCSIFNETMASK, mask))
        return err_errno(err, "can't give %s its address", INTERFACE);
    if (set_mtu(sock, network->mtu))
        return err_errno(err, "can't set %s's MTU to %u", INTERFACE, network->mtu);
    if (network->gateway && add_default_route(sock, network->gateway))
        return err_errno(err, "can't set the default route");
    return give_addresses6(network, err);
}

int network_take_addresses(const struct network *network, struct err *err) {
    /* With the interface's last address of IPv4 go its routes and neighbours. */
    if (change_address(false, INTERFACE, network->address, network->prefix))
        return err_errno(err, "can't take %s's address", INTERFACE);
    return take_addresses6(network, err);
}

int network_change_address(bool add, const struct net_address *address, struct err *err) {
    if (!if_nametoindex(INTERFACE))
        return err_set(err, ENODEV, "the box has no %s", INTERFACE);
    if (!is_wanted(add, change_address(add, INTERFACE, address->address, address->prefix)))
        return err_errno(err, "can't change %s's addresses", INTERFACE);
    /* EACCES: it is switched off for the interface. */
    if (!is_wanted(add, change_address6(add, INTERFACE, &address->address6, address->prefix6)) && errno != EACCES &&
        errno != EOPNOTSUPP)
        return err_errno(err, "can't change %s's addresses of IPv6", INTERFACE);
    return 0;
}

static bool is_wanted(bool add, int failed) { return !failed || errno == (add ? EEXIST : EADDRNOTAVAIL); }

void network_go_down(void) {
    cleanup_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0 || set_flags(sock, INTERFACE, 0, IFF_UP))
        complain("%s: %s", INTERFACE, strerror(errno));
}

int network_set_mac(const uint8_t mac[MAC_BYTES], struct err *err) {
    cleanup_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = INTERFACE, .ifr_hwaddr.sa_family = ARPHRD_ETHER};
    memcpy(request.ifr_hwaddr.sa_data, mac, MAC_BYTES);
    if (sock < 0 || ioctl(sock, SIOCSIFHWADDR, &request))
        return err_errno(err, "can't give %s its MAC address", INTERFACE);
    return 0;
}

static int give_addresses6(const struct network *network, struct err *err) {
    struct in6_addr local = link_local(&network->address6);
    if (!has_ipv6())
        return 0;
    if (change_address6(true, INTERFACE, &local, 64) ||
        change_address6(true, INTERFACE, &network->address6, network->prefix6))
        return err_errno(err, "can't give %s its IPv6 address", INTERFACE);
    if (change_default_route6(true, INTERFACE, &network->gateway6, &network->address6))
        return err_errno(err, "can't set the default route of IPv6");
    return 0;
}

static bool has_ipv6(void) {
    cleanup_fd int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return sock >= 0 || errno != EAFNOSUPPORT;
}

/* The routes of an address go with it, but not the one by a gateway. */
static int take_addresses6(const struct network *network, struct err *err) {
    struct in6_addr local = link_local(&network->address6);
    if (!has_ipv6())
        return 0;
    if (change_default_route6(false, INTERFACE, &network->gateway6, &network->address6))
        return err_errno(err, "can't take the default route of IPv6");
    if (change_address6(false, INTERFACE, &network->address6, network->prefix6) ||
        change_address6(false, INTERFACE, &local, 64))
        return err_errno(err, "can't take %s's IPv6 address", INTERFACE);
    return 0;
}

static int set_flags(int sock, const char *name, short set, short clear) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(sock, SIOCGIFFLAGS, &request))
        return -1;
    request.ifr_flags = (short)((request.ifr_flags | set) & ~clear);
    return ioctl(sock, SIOCSIFFLAGS, &request);
}

static int set_address(int sock, unsigned long request, uint32_t address) {
    struct ifreq interface = {.ifr_name = INTERFACE};
    fill(&interface.ifr_addr, address);
    return ioctl(sock, request, &interface);
}

static int set_mtu(int sock, uint32_t mtu) {
    struct ifreq interface = {.ifr_name = INTERFACE, .ifr_mtu = (int)mtu};
    return ioctl(sock, SIOCSIFMTU, &interface);
}

static int add_default_route(int sock, uint32_t gateway) {
    char name[] = INTERFACE;
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = name};
    fill(&route.rt_dst, 0);
    fill(&route.rt_genmask, 0);
    fill(&route.rt_gateway, gateway);
    return ioctl(sock, SIOCADDRT, &route);
}

/* fe80::15 of fd62:…::15, which no other on the network has either. One made of the MAC could not be in a template. */
static struct in6_addr link_local(const struct in6_addr *address) {
    struct in6_addr local = {.s6_addr = {0xfe, 0x80}};
    memcpy(local.s6_addr + 8, address->s6_addr + 8, 8);
    return local;
}

/* Every VM has the device; without its driver the box sees lo alone. */
int network_remove(struct err *err) {
    char link[256];
    ssize_t size = readlink("/sys/class/net/" INTERFACE "/device", link, sizeof link - 1);
    if (size < 0)
        return errno == ENOENT ? 0 : err_errno(err, "can't find %s's device", INTERFACE);
    link[size] = 0;
    const char *slash = strrchr(link, '/');
    return write_file("/sys/bus/virtio/drivers/virtio_net/unbind", slash ? slash + 1 : link, err);
}

static void fill(struct sockaddr *to, uint32_t address) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(to, &in, sizeof in);
}
