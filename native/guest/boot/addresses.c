#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h> /* after libc's, whose structures it then leaves out */

#include "../../common/cleanup.h"

enum { MOST_ATTRIBUTES = 4, DEFAULT_METRIC = 1024 /* what the kernel takes for a route of IPv6 without one */ };

struct request {
    struct nlmsghdr header;
    uint8_t rest[NLMSG_ALIGN(sizeof(struct rtmsg)) + MOST_ATTRIBUTES * RTA_SPACE(sizeof(struct in6_addr))];
};

static int begin_address(struct request *request, bool add, const char *interface, struct ifaddrmsg address);
static void begin(struct request *request, uint16_t type, bool add, const void *body, size_t size);
static void attribute(struct request *request, uint16_t type, const void *value, uint16_t size);
static int ask(const struct request *request);

int change_address(bool add, const char *interface, uint32_t address, uint8_t prefix) {
    struct request request;
    uint32_t local = htonl(address), broadcast = htonl(address | (uint32_t)(0xffffffffull >> prefix));
    if (begin_address(&request, add, interface, (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = prefix}))
        return -1;
    attribute(&request, IFA_LOCAL, &local, sizeof local);
    attribute(&request, IFA_ADDRESS, &local, sizeof local);
    if (add && prefix < 31)
        attribute(&request, IFA_BROADCAST, &broadcast, sizeof broadcast);
    return ask(&request);
}

int change_address6(bool add, const char *interface, const struct in6_addr *address, uint8_t prefix) {
    struct request request;
    /* Of use at once: nobody else can have it. */
    struct ifaddrmsg body = {.ifa_family = AF_INET6, .ifa_prefixlen = prefix, .ifa_flags = IFA_F_NODAD};
    if (begin_address(&request, add, interface, body))
        return -1;
    attribute(&request, IFA_LOCAL, address, sizeof *address);
    attribute(&request, IFA_ADDRESS, address, sizeof *address);
    return ask(&request);
}

int change_default_route6(bool add, const char *interface, const struct in6_addr *gateway,
                          const struct in6_addr *source) {
    struct request request;
    uint32_t index = if_nametoindex(interface), metric = DEFAULT_METRIC;
    struct rtmsg body = {.rtm_family = AF_INET6,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_scope = RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
    if (!index)
        return -1;
    begin(&request, add ? RTM_NEWROUTE : RTM_DELROUTE, add, &body, sizeof body);
    attribute(&request, RTA_GATEWAY, gateway, sizeof *gateway);
    attribute(&request, RTA_OIF, &index, sizeof index);
    attribute(&request, RTA_PRIORITY, &metric, sizeof metric);
    if (add)
        attribute(&request, RTA_PREFSRC, source, sizeof *source);
    return ask(&request);
}

static int begin_address(struct request *request, bool add, const char *interface, struct ifaddrmsg address) {
    address.ifa_index = if_nametoindex(interface);
    begin(request, add ? RTM_NEWADDR : RTM_DELADDR, add, &address, sizeof address);
    return address.ifa_index ? 0 : -1;
}

static void begin(struct request *request, uint16_t type, bool add, const void *body, size_t size) {
    *request = (struct request){
        .header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                   .nlmsg_type = type,
                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0))},
    };
    memcpy(request->rest, body, size);
}

static void attribute(struct request *request, uint16_t type, const void *value, uint16_t size) {
    uint8_t *end = (uint8_t *)request + request->header.nlmsg_len;
    struct rtattr header = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};
    memcpy(end, &header, sizeof header);
    memcpy(end + RTA_LENGTH(0), value, size);
    request->header.nlmsg_len += (uint32_t)RTA_SPACE(size);
}

/* The kernel has done it, or has not, when `send` returns; its answer says which. */
static int ask(const struct request *request) {
    cleanup_fd int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[sizeof *request];
    } answer;
    if (sock < 0 || send(sock, request, request->header.nlmsg_len, 0) < 0)
        return -1;
    ssize_t size = recv(sock, &answer, sizeof answer, 0);
    if (size < 0)
        return -1;
    errno = size < (ssize_t)NLMSG_LENGTH(sizeof answer.error) || answer.header.nlmsg_type != NLMSG_ERROR
                ? EPROTO
                : -answer.error.error;
    return errno ? -1 : 0;
}
