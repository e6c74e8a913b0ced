#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h> /* after libc's, whose structures it then leaves out */

#include "../../common/cleanup.h"

enum { MOST_ATTRIBUTES = 3 };

struct request {
    struct nlmsghdr header;
    struct ifaddrmsg address;
    uint8_t attributes[MOST_ATTRIBUTES * RTA_SPACE(sizeof(struct in6_addr))];
};

static int begin(struct request *request, bool add, const char *interface, uint8_t family, uint8_t prefix);
static void attribute(struct request *request, uint16_t type, const void *value, uint16_t size);
static int ask(const struct request *request);

int change_address(bool add, const char *interface, uint32_t address, uint8_t prefix) {
    struct request request;
    uint32_t local = htonl(address), broadcast = htonl(address | (uint32_t)(0xffffffffull >> prefix));
    if (begin(&request, add, interface, AF_INET, prefix))
        return -1;
    attribute(&request, IFA_LOCAL, &local, sizeof local);
    attribute(&request, IFA_ADDRESS, &local, sizeof local);
    if (add && prefix < 31)
        attribute(&request, IFA_BROADCAST, &broadcast, sizeof broadcast);
    return ask(&request);
}

int change_address6(bool add, const char *interface, const struct in6_addr *address, uint8_t prefix) {
    struct request request;
    if (begin(&request, add, interface, AF_INET6, prefix))
        return -1;
    request.address.ifa_flags = IFA_F_NODAD; /* of use at once: nobody else can have it */
    attribute(&request, IFA_LOCAL, address, sizeof *address);
    attribute(&request, IFA_ADDRESS, address, sizeof *address);
    return ask(&request);
}

static int begin(struct request *request, bool add, const char *interface, uint8_t family, uint8_t prefix) {
    unsigned index = if_nametoindex(interface);
    *request = (struct request){
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof request->address),
                   .nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR,
                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0))},
        .address = {.ifa_family = family, .ifa_prefixlen = prefix, .ifa_index = index},
    };
    return index ? 0 : -1;
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
