/* Keeps a guest's connections from the host. QEMU makes them for its guest (libslirp), with the host's own
 * sockets: 10.0.2.2 would reach whatever listens on the host's loopback, where services trust every process that can
 * connect, and 169.254.169.254 is where clouds serve the host's credentials. The guest sees that the connection is
 * refused. The name servers of /etc/resolv.conf stay open: libslirp asks them for the guest. A guest has no IPv6
 * (ipv6=off), so no IPv6 connection is a guest's.
 *
 * This holds a guest, not a VMM that its guest has taken over. It holds where libslirp is a library of its own:
 * BOXLITE_TELL_NETWORK makes the interposer report that, for `boxlite doctor`. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DNS_PORT = 53, MOST_ALIASES = 64 };

/* Addresses of the host's loopback interfaces besides 127.0.0.0/8. */
static in_addr_t aliases[MOST_ALIASES];
static size_t alias_count;

static bool is_refused(const struct sockaddr *to, socklen_t size);
static bool is_closed(in_addr_t address);
static bool is_resolver(in_addr_t address);
static int has_libslirp(struct dl_phdr_info *library, size_t size, void *found);

#define PUBLIC __attribute__((visibility("default")))
#define REFUSE return errno = ECONNREFUSED, -1

PUBLIC int connect(int fd, const struct sockaddr *to, socklen_t size) {
    if (is_refused(to, size))
        REFUSE;
    return (int)syscall(SYS_connect, fd, to, size);
}

PUBLIC ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t size) {
    if (is_refused(to, size))
        REFUSE;
    return syscall(SYS_sendto, fd, bytes, count, flags, to, size);
}

PUBLIC ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (is_refused(message->msg_name, message->msg_namelen))
        REFUSE;
    return syscall(SYS_sendmsg, fd, message, flags);
}

__attribute__((constructor)) static void look_around(void) {
    struct ifaddrs *all;
    if (getifaddrs(&all) == 0) {
        for (struct ifaddrs *each = all; each && alias_count < MOST_ALIASES; each = each->ifa_next)
            if ((each->ifa_flags & IFF_LOOPBACK) && each->ifa_addr && each->ifa_addr->sa_family == AF_INET)
                aliases[alias_count++] = ((const struct sockaddr_in *)(const void *)each->ifa_addr)->sin_addr.s_addr;
        freeifaddrs(all);
    }
    bool found = false;
    if (getenv("BOXLITE_TELL_NETWORK") && dl_iterate_phdr(has_libslirp, &found) >= 0)
        printf("boxlite: libslirp is %s\n", found ? "shared" : "not shared");
}

static int has_libslirp(struct dl_phdr_info *library, size_t size, void *found) {
    (void)size;
    if (strstr(library->dlpi_name, "/libslirp.so"))
        *(bool *)found = true;
    return 0;
}

static bool is_refused(const struct sockaddr *to, socklen_t size) {
    if (!to || size < sizeof(sa_family_t))
        return false;
    if (to->sa_family == AF_INET6)
        return true;
    if (to->sa_family != AF_INET || size < sizeof(struct sockaddr_in))
        return false;
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)to;
    return is_closed(in->sin_addr.s_addr) && !(ntohs(in->sin_port) == DNS_PORT && is_resolver(in->sin_addr.s_addr));
}

static bool is_closed(in_addr_t address) {
    for (size_t i = 0; i < alias_count; i++)
        if (aliases[i] == address)
            return true;
    in_addr_t host = ntohl(address);
    /* 0.0.0.0 is the host itself. */
    return host >> 24 == 127 || host >> 24 == 0 || host >> 16 == (169 << 8 | 254);
}

/* Read again each time, as libslirp does: the host may have moved to another network. */
static bool is_resolver(in_addr_t address) {
    FILE *file = fopen("/etc/resolv.conf", "re");
    if (!file)
        return false;
    char line[256], server[INET_ADDRSTRLEN];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        struct in_addr each;
        found = sscanf(line, "nameserver%*[ \t]%15s", server) == 1 && inet_pton(AF_INET, server, &each) == 1 &&
                each.s_addr == address;
    }
    fclose(file);
    return found;
}
